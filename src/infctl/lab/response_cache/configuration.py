"""nginx's configuration. Pure.

Which version of a model answers is a link in `models`, looked up with each request: a promotion is
one renaming, without a reload, and the answers of the version before are never found again.
"""

from infctl.lab import addresses
from infctl.lab.gateway.bootstrap import place
from infctl.lab.spec import Lab, Region

FILE = "nginx.conf"
MODELS = "models"
ANSWERS = "answers"
SECONDS_KEPT = 60
"""An answer is asked for again after that time, also of the same version."""
LONGEST_BODY = 29_999
"""Bytes: nginx keeps a key below 64 KiB, and the body is part of it."""

_TEMPLATE = """\
daemon off;
# One process: a master's workers would outlive it when the lab is killed.
master_process off;
pid nginx.pid;
error_log stderr error;
events { worker_connections 1024; }
http {
  client_body_temp_path temporary/body;
  proxy_temp_path temporary/proxy;
  fastcgi_temp_path temporary/fastcgi;
  uwsgi_temp_path temporary/uwsgi;
  scgi_temp_path temporary/scgi;
  server_tokens off;
  log_format counted '$upstream_cache_status $status $request_time $model';
  access_log off;
  proxy_cache_path @ANSWERS@ levels=1:2 keys_zone=answers:2m inactive=1h use_temp_path=off;

  map $folder $served {
    default "";
    "~/(?<name>[a-z0-9._-]+)~(?<version>[a-z0-9._-]+)~[0-9a-f]+$" "$name/$version";
  }
  # Another version may answer while traffic moves: such an answer is passed on and not kept.
  map "$served|$upstream_http_x_infctl_model_version" $is_other {
    default 1;
    "~^(?<one>[^|]+)[|]\\k<one>$" 0;
  }

  upstream gateway { server @GATEWAY@; keepalive 32; }

  server {
    listen @LISTEN@;
    client_max_body_size 64m;
    client_body_buffer_size 64k;
    client_body_in_single_buffer on;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $http_host;
    proxy_connect_timeout 1s;
    proxy_buffer_size 64k;
    proxy_buffers 4 64k;
    proxy_busy_buffers_size 128k;

    location = /ready { return 200 "ok\\n"; }

    location ~ "^/v2/models/(?<model>[a-z0-9][a-z0-9._-]{0,63})(/versions/[a-z0-9._-]+)?/infer$" {
      root @MODELS@/$model;
      set $folder "";
      set $unkept 1;
      if (-d $document_root) { set $folder $realpath_root; set $unkept ""; }
      if ($content_length !~ "^([1-9][0-9]{0,3}|[12][0-9]{4})$") { set $unkept 1; }
      if ($http_x_infctl_tenant !~ "^[A-Za-z0-9._-]{0,64}$") { set $unkept 1; }
      # An answer for somebody is not one for everybody, and no credential reaches the disk.
      if ($http_authorization) { set $unkept 1; }
      if ($http_cookie) { set $unkept 1; }

      proxy_cache answers;
      proxy_cache_methods GET HEAD POST;
      set $form "$http_content_type|$http_inference_header_content_length";
      proxy_cache_key "$http_x_infctl_tenant|$folder|$request_uri|$form|$request_body";
      proxy_cache_valid 200 @SECONDS@s;
      proxy_cache_use_stale error timeout http_500 http_502 http_503 http_504;
      proxy_cache_lock on;
      proxy_cache_bypass $unkept $request_body_file;
      proxy_no_cache $unkept $request_body_file $is_other;
      add_header x-infctl-cache $upstream_cache_status always;
      access_log syslog:server=@LOG@,nohostname,tag=answers counted;
      proxy_pass http://gateway;
    }

    location / { proxy_pass http://gateway; }
  }
}
"""


def make_configuration(lab: Lab, region: Region) -> str:
    """The file's content; paths in it are relative to its folder."""
    own, gateway = lab.inner(region, "cache"), place(lab, region).bound
    values = {
        "LISTEN": f"{own}:{addresses.CACHE_PORT}",
        "GATEWAY": f"{gateway}:{addresses.ORIGIN_PORT}",
        "LOG": f"{own}:{addresses.CACHE_METRICS_PORT}",
        "ANSWERS": ANSWERS,
        "MODELS": MODELS,
        "SECONDS": str(SECONDS_KEPT),
    }
    text = _TEMPLATE
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text
