// The wire stands between two network interfaces of its namespace, passes Ethernet frames both ways, and adds faults to
// the underlay of one host on the way: delay, loss, a hole for big packets. Kernels without netem have nothing else.
//
//	wire -a IFACE -b IFACE [-delay 30ms] [-loss 0.2 [-loss-way out|in|both]] [-drop-over 1000] [-only udp|tcp] [-seed 1]
//	wire -plain IFACE
//
// "a" is the side of the host, "b" the side of everybody else: out is a to b, in is b to a. It prints "ready" when it
// passes frames, and one line of JSON with its counters on SIGUSR1 and, as its last word, on SIGTERM and SIGINT.
//
// How the lab puts it before host gpu1, whose port on the bridge br0 of the namespace tn-switch is named gpu1 too:
//
//	ip netns exec tn-gpu1 wire -plain eth0                      (once; stays so)
//	ip -n tn-switch link add w0 type veth peer name w1
//	ip netns exec tn-switch wire -plain w1
//	ip -n tn-switch link set w0 up
//	ip netns exec tn-switch wire -a gpu1 -b w0 …                (await "ready")
//	ip -n tn-switch link set gpu1 nomaster
//	ip -n tn-switch link set w1 master br0 up
//
// and takes it away again: ip -n tn-switch link set w1 nomaster; link set gpu1 master br0; SIGTERM; link del w0.
//
// Why -plain: veth ends carry packets with half-made checksums and many packets of a stream as one super-packet, and
// loss and size must act on the packets that a real wire would have carried. It makes the kernel finish packets before
// they leave that interface, so it is for the far ends: eth0 in the host and w1 at the bridge. Without it nothing breaks
// (the offload header travels with each frame), but a super-packet is lost as one; superPackets counts them.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	a := flag.String("a", "", "interface on the side of the host")
	b := flag.String("b", "", "interface on the side of everybody else")
	delay := flag.Duration("delay", 0, "added to each round trip, half of it each way; frames keep their order")
	loss := flag.Float64("loss", 0, "chance from 0 to 1 that an IP packet is dropped")
	lossWay := flag.String("loss-way", "out", "which packets -loss is for: out (a to b), in or both")
	dropOver := flag.Int("drop-over", 0, "IP packets longer than so many bytes vanish, both ways; 0: none")
	only := flag.String("only", "", "udp or tcp: -loss and -drop-over leave other packets alone")
	seed := flag.Uint64("seed", 1, "seed of the chance of -loss")
	plain := flag.String("plain", "", "only turn off the offloads of this interface, and exit")
	flag.Parse()

	if *plain != "" {
		if err := turnOffOffloads(*plain); err != nil {
			fail(err)
		}
		return
	}
	if err := judge(*delay, *loss, *lossWay, *dropOver, *only); err != nil {
		fail(err)
	}
	host, err := open(*a)
	if err != nil {
		fail(err)
	}
	rest, err := open(*b)
	if err != nil {
		fail(err)
	}
	lossOf := func(way string) float64 {
		if *lossWay == way || *lossWay == "both" {
			return *loss
		}
		return 0
	}
	half := *delay / 2
	out := newDirection(host, rest, true, half, newFaults(lossOf("out"), *dropOver, *only, *seed, 0))
	in := newDirection(rest, host, false, *delay-half, newFaults(lossOf("in"), *dropOver, *only, *seed, 1))

	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGUSR1)
	go out.run()
	go in.run()
	fmt.Println("ready")
	for received := range signals {
		line, err := json.Marshal(map[string]Counters{"out": out.read(), "in": in.read()})
		if err != nil {
			fail(err)
		}
		fmt.Println(string(line))
		if received != syscall.SIGUSR1 {
			return
		}
	}
}

func judge(delay time.Duration, loss float64, lossWay string, dropOver int, only string) error {
	if delay < 0 || delay > 10*time.Second {
		return fmt.Errorf("-delay must lie between 0 and 10s, not %v", delay)
	}
	if !(loss >= 0 && loss <= 1) {
		return fmt.Errorf("-loss must lie between 0 and 1, not %v", loss)
	}
	if lossWay != "out" && lossWay != "in" && lossWay != "both" {
		return fmt.Errorf("-loss-way must be out, in or both, not %q", lossWay)
	}
	if dropOver < 0 {
		return fmt.Errorf("-drop-over must be a number of bytes, not %d", dropOver)
	}
	if only != "" && only != "udp" && only != "tcp" {
		return fmt.Errorf("-only must be udp or tcp, not %q", only)
	}
	return nil
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "wire: %v\n", err)
	os.Exit(1)
}
