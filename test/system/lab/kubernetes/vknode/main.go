// vknode runs a real Virtual Kubelet node (github.com/virtual-kubelet/virtual-kubelet) whose pods are shells on this
// machine: an exec into a pod runs the command locally, inside the network namespace that the pod names.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/virtual-kubelet/virtual-kubelet/node"
	"github.com/virtual-kubelet/virtual-kubelet/node/nodeutil"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

func main() {
	name := flag.String("node", "", "name of the node")
	address := flag.String("address", "127.0.0.1", "where its kubelet listens, and what the node says of itself")
	port := flag.Int("port", 10250, "port of the kubelet")
	kubeconfig := flag.String("kubeconfig", "", "how the API server is reached")
	cert := flag.String("tls-cert", "", "certificate of the kubelet")
	key := flag.String("tls-key", "", "its key")
	ca := flag.String("client-ca", "", "who signed the certificate with which the API server comes")
	serve := flag.Bool("serve", true, "false: no kubelet listens and the node names loopback, as June's real one has it")
	idle := flag.Duration("stream-idle-timeout", 30*time.Second, "Virtual Kubelet's own default")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		log.Fatal(err)
	}
	config.QPS, config.Burst = 100, 200
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		log.Fatal(err)
	}

	listen := fmt.Sprintf("%s:%d", *address, *port)
	if !*serve {
		*address, listen = "127.0.0.1", "127.0.0.1:0"
	}
	routes := http.NewServeMux()
	options := []nodeutil.NodeOpt{
		nodeutil.WithClient(client),
		nodeutil.WithTLSConfig(nodeutil.WithKeyPairFromPath(*cert, *key), nodeutil.WithCAFromPath(*ca)),
		func(c *nodeutil.NodeConfig) error {
			c.HTTPListenAddr = listen
			c.Handler = routes
			c.StreamIdleTimeout = *idle
			c.StreamCreationTimeout = 30 * time.Second
			return nil
		},
	}
	if *serve {
		options = append(options, nodeutil.AttachProviderRoutes(routes))
	}
	make := func(given nodeutil.ProviderConfig) (nodeutil.Provider, node.NodeProvider, error) {
		describe(given.Node, *address, *port, *serve)
		return &provider{node: *name, address: *address, pods: map[string]*v1.Pod{}}, nil, nil
	}
	running, err := nodeutil.NewNode(*name, make, options...)
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		if err := running.WaitReady(ctx, time.Minute); err != nil {
			log.Fatal(err)
		}
		log.Printf("ready: %s", *name)
	}()
	if err := running.Run(ctx); err != nil && ctx.Err() == nil {
		log.Fatal(err)
	}
}

// What the node says of itself: a rented machine with eight GPUs on which only pods that tolerate it are put.
func describe(n *v1.Node, address string, port int, serve bool) {
	n.Labels["kubernetes.io/os"], n.Labels["kubernetes.io/arch"] = "linux", "amd64"
	n.Spec.Taints = []v1.Taint{{Key: "virtual-kubelet.io/provider", Value: "vastai", Effect: v1.TaintEffectNoSchedule}}
	n.Status.Addresses = []v1.NodeAddress{{Type: v1.NodeInternalIP, Address: address}, {Type: v1.NodeHostName, Address: n.Name}}
	if serve {
		n.Status.DaemonEndpoints.KubeletEndpoint.Port = int32(port)
	}
	n.Status.NodeInfo.KubeletVersion = "v1.36.3-vk-lab"
	n.Status.NodeInfo.OperatingSystem, n.Status.NodeInfo.Architecture = "linux", "amd64"
	all := v1.ResourceList{
		"cpu":            resource.MustParse("64"),
		"memory":         resource.MustParse("256Gi"),
		"pods":           resource.MustParse("50"),
		"nvidia.com/gpu": resource.MustParse("8"),
	}
	n.Status.Capacity, n.Status.Allocatable = all, all
}
