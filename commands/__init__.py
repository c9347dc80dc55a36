"""The command line: one verb a file, loaded when it is typed. Only here may output be printed."""
