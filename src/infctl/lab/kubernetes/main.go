// Command kubernetes is the lab's control plane: etcd, kube-apiserver,
// kube-controller-manager and kube-scheduler of one release in one binary,
// chosen by the first argument, so that one build and one digest serve a region.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

var commands = map[string]func() *cobra.Command{
	"kube-apiserver":          apiserver.NewAPIServerCommand,
	"kube-controller-manager": controllermanager.NewControllerManagerCommand,
	"kube-scheduler":          func() *cobra.Command { return scheduler.NewSchedulerCommand() },
}

func main() {
	if len(os.Args) < 2 {
		fail("no component named")
	}
	name := os.Args[1]
	if name == "etcd" {
		etcdmain.Main(os.Args[1:])
		return
	}
	command, known := commands[name]
	if !known {
		fail("unknown component " + name)
	}
	os.Args = os.Args[1:]
	os.Exit(cli.Run(command()))
}

func fail(reason string) {
	fmt.Fprintf(os.Stderr, "%s; usage: kubernetes etcd|kube-apiserver|kube-controller-manager|kube-scheduler FLAGS\n", reason)
	os.Exit(2)
}
