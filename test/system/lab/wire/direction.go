package main

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// Counters is what one direction has seen since the start. Packets are IP packets, bytes their lengths.
type Counters struct {
	Packets uint64 `json:"packets"`
	Bytes   uint64 `json:"bytes"`
	// Dropped by chance, and for their size.
	Lost     uint64 `json:"lost"`
	Oversize uint64 `json:"oversize"`
	// ARP and other frames without an IP packet; they always pass.
	OtherFrames uint64 `json:"otherFrames"`
	// Frames that held several packets at once: must be 0 for loss and size to be true, see -plain.
	SuperPackets uint64 `json:"superPackets"`
	// Frames that the kernel dropped before they were read, and those that it refused to send.
	Overrun    uint64 `json:"overrun"`
	SendErrors uint64 `json:"sendErrors"`
	// IP packets by the address on the side of b and what they are: "tcp", "disco", "wireguard 64" (transport data in a
	// datagram of 64 bytes) …
	Peers map[string]map[string]Count `json:"peers"`
}

// Count tells how many packets came, and how many of them were dropped.
type Count struct {
	Seen    uint64 `json:"seen"`
	Dropped uint64 `json:"dropped"`
}

// faults decides which packets vanish in one direction.
type faults struct {
	loss     float64
	dropOver int
	only     string
	chance   *rand.Rand
}

func newFaults(loss float64, dropOver int, only string, seed, stream uint64) faults {
	return faults{loss, dropOver, only, rand.New(rand.NewPCG(seed, stream))}
}

type verdict int

const (
	pass verdict = iota
	lose
	tooBig
)

func (f *faults) judge(p packet) verdict {
	if f.only != "" && f.only != p.transport {
		return pass
	}
	if f.dropOver > 0 && p.length > f.dropOver {
		return tooBig
	}
	if f.loss > 0 && f.chance.Float64() < f.loss {
		return lose
	}
	return pass
}

// direction passes frames from one socket to the other.
type direction struct {
	from, to *socket
	outward  bool
	delay    time.Duration
	faults   faults
	mutex    sync.Mutex
	counters Counters
}

// waiting is a frame on its way through the delay.
type waiting struct {
	frame []byte
	due   time.Duration
}

func newDirection(from, to *socket, outward bool, delay time.Duration, faults faults) *direction {
	counters := Counters{Peers: map[string]map[string]Count{}}
	return &direction{from: from, to: to, outward: outward, delay: delay, faults: faults, counters: counters}
}

// run never returns. Reading and sending with a delay each have a thread of their own, because the timers of the Go
// runtime are a millisecond coarse.
func (d *direction) run() {
	hurry()
	pass := d.send
	if d.delay > 0 {
		queue := make(chan waiting, 1<<16)
		go d.sendLate(queue)
		pass = func(frame []byte, arrivedAt time.Duration) {
			queue <- waiting{append([]byte(nil), frame...), arrivedAt + d.delay}
		}
	}
	for {
		frame, arrivedAt, err := d.from.receive()
		if errors.Is(err, syscall.ENETDOWN) || errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			fail(fmt.Errorf("reading from %s failed: %v", d.from.name, err))
		}
		if frame != nil && d.admit(frame) {
			pass(frame, arrivedAt)
		}
	}
}

// admit counts a frame and tells whether it may pass.
func (d *direction) admit(frame []byte) bool {
	p := parse(frame, d.outward)
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if p.super {
		d.counters.SuperPackets++
	}
	if p.peer == "" {
		d.counters.OtherFrames++
		return true
	}
	d.counters.Packets++
	d.counters.Bytes += uint64(p.length)
	verdict := d.faults.judge(p)
	kinds := d.counters.Peers[p.peer]
	if kinds == nil {
		kinds = map[string]Count{}
		d.counters.Peers[p.peer] = kinds
	}
	count := kinds[p.kind]
	count.Seen++
	if verdict != pass {
		count.Dropped++
	}
	kinds[p.kind] = count
	switch verdict {
	case lose:
		d.counters.Lost++
	case tooBig:
		d.counters.Oversize++
	}
	return verdict == pass
}

func (d *direction) sendLate(queue <-chan waiting) {
	hurry()
	for next := range queue {
		sleepUntil(next.due)
		d.send(next.frame, 0)
	}
}

func (d *direction) send(frame []byte, _ time.Duration) {
	if err := d.to.send(frame); err != nil {
		d.mutex.Lock()
		d.counters.SendErrors++
		first := d.counters.SendErrors == 1
		d.mutex.Unlock()
		if first {
			fmt.Fprintf(os.Stderr, "wire: sending %d bytes to %s failed: %v\n", len(frame)-offloadLength, d.to.name, err)
		}
	}
}

// read gives a copy of the counters so far.
func (d *direction) read() Counters {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.counters.Overrun += d.from.takeOverrun()
	copied := d.counters
	copied.Peers = map[string]map[string]Count{}
	for peer, kinds := range d.counters.Peers {
		copied.Peers[peer] = maps.Clone(kinds)
	}
	return copied
}

// hurry keeps the goroutine on a thread that runs before ordinary ones, where that is allowed: a busy machine shall not
// show as delay.
func hurry() {
	runtime.LockOSThread()
	preferThread()
}
