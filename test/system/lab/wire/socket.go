package main

import (
	"encoding/binary"
	"fmt"
	"net"
	"runtime"
	"syscall"
	"time"
	"unsafe"
)

// Values of the kernel's headers that the syscall package does not have.
const (
	packetStatistics     = 6
	packetVnetHeader     = 15
	packetIgnoreOutgoing = 23
	soRcvBufForce        = 33
	soTimestampNs        = 35
	siocEthtool          = 0x8946
	ethtoolSetTxChecksum = 0x17
	ethtoolSetTso        = 0x1f
	ethtoolSetGso        = 0x24
	clockRealtime        = 0
	clockMonotonic       = 1
	timerAbsolute        = 1
	schedRoundRobin      = 2
)

// Length of the header before each frame in which the kernel tells of, and is told of, unfinished checksums and
// super-packets (struct virtio_net_hdr).
const offloadLength = 10

// socket reads and writes the frames of one interface, each with its offload header.
type socket struct {
	name    string
	fd      int
	buffer  []byte
	control []byte
}

func open(name string) (*socket, error) {
	device, err := net.InterfaceByName(name)
	if err != nil {
		return nil, fmt.Errorf("there is no interface %q in this network namespace (-a and -b must name one each)", name)
	}
	protocol := uint16(syscall.ETH_P_ALL<<8 | syscall.ETH_P_ALL>>8)
	// Protocol 0 first: nothing is received until it is bound to its interface.
	fd, err := syscall.Socket(syscall.AF_PACKET, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("a packet socket on %s was refused (%v): run as root", name, err)
	}
	for _, option := range []struct{ level, name, value int }{
		{syscall.SOL_PACKET, packetVnetHeader, 1},
		{syscall.SOL_PACKET, packetIgnoreOutgoing, 1},
		{syscall.SOL_SOCKET, soTimestampNs, 1},
		{syscall.SOL_SOCKET, soRcvBufForce, 32 << 20},
	} {
		if err := syscall.SetsockoptInt(fd, option.level, option.name, option.value); err != nil {
			return nil, fmt.Errorf("setting option %d of the packet socket on %s failed: %v", option.name, name, err)
		}
	}
	address := &syscall.SockaddrLinklayer{Protocol: protocol, Ifindex: device.Index}
	if err := syscall.Bind(fd, address); err != nil {
		return nil, fmt.Errorf("binding a packet socket to %s failed: %v", name, err)
	}
	return &socket{name, fd, make([]byte, 1<<18), make([]byte, 128)}, nil
}

// receive gives the next frame, valid until the next call, and when it reached the interface, by the monotonic clock;
// no frame where it was one that left by the interface.
func (s *socket) receive() ([]byte, time.Duration, error) {
	length, controlLength, _, from, err := syscall.Recvmsg(s.fd, s.buffer, s.control, 0)
	if err != nil {
		return nil, 0, err
	}
	if link, ok := from.(*syscall.SockaddrLinklayer); ok && link.Pkttype == syscall.PACKET_OUTGOING {
		return nil, 0, nil
	}
	if length < offloadLength {
		return nil, 0, nil
	}
	now := clock(clockMonotonic)
	age := clock(clockRealtime) - timestampOf(s.control[:controlLength])
	// The clock of the day may have been set meanwhile.
	if age < 0 || age > time.Second {
		age = 0
	}
	return s.buffer[:length], now - age, nil
}

func timestampOf(control []byte) time.Duration {
	messages, err := syscall.ParseSocketControlMessage(control)
	if err != nil {
		return 0
	}
	for _, message := range messages {
		if message.Header.Level == syscall.SOL_SOCKET && message.Header.Type == soTimestampNs && len(message.Data) >= 16 {
			seconds, nanos := binary.NativeEndian.Uint64(message.Data), binary.NativeEndian.Uint64(message.Data[8:])
			return time.Duration(seconds)*time.Second + time.Duration(nanos)
		}
	}
	return 0
}

func (s *socket) send(frame []byte) error {
	for {
		_, err := syscall.Write(s.fd, frame)
		if err != syscall.EINTR {
			return err
		}
	}
}

// takeOverrun tells how many frames the kernel dropped since the last call because they were not read in time.
func (s *socket) takeOverrun() uint64 {
	var statistics struct{ packets, drops uint32 }
	size := uint32(unsafe.Sizeof(statistics))
	syscall.Syscall6(syscall.SYS_GETSOCKOPT, uintptr(s.fd), syscall.SOL_PACKET, packetStatistics,
		uintptr(unsafe.Pointer(&statistics)), uintptr(unsafe.Pointer(&size)), 0)
	return uint64(statistics.drops)
}

// turnOffOffloads makes the kernel finish each packet before it leaves by this interface.
func turnOffOffloads(name string) error {
	if _, err := net.InterfaceByName(name); err != nil || len(name) > 15 {
		return fmt.Errorf("there is no interface %q in this network namespace", name)
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	for _, command := range []uint32{ethtoolSetTxChecksum, ethtoolSetTso, ethtoolSetGso} {
		value := struct{ command, data uint32 }{command, 0}
		request := struct {
			name [16]byte
			data unsafe.Pointer
			_    [16]byte
		}{data: unsafe.Pointer(&value)}
		copy(request.name[:], name)
		_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), siocEthtool, uintptr(unsafe.Pointer(&request)))
		runtime.KeepAlive(&value)
		if errno != 0 {
			return fmt.Errorf("turning off offload %#x of %s failed: %v", command, name, errno)
		}
	}
	return nil
}

// clock reads a clock of the kernel.
func clock(id uintptr) time.Duration {
	var at syscall.Timespec
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, id, uintptr(unsafe.Pointer(&at)), 0)
	return time.Duration(at.Nano())
}

// sleepUntil holds the thread until that time of the monotonic clock, some microseconds exact.
func sleepUntil(due time.Duration) {
	at := syscall.NsecToTimespec(int64(due))
	for clock(clockMonotonic) < due {
		syscall.Syscall6(syscall.SYS_CLOCK_NANOSLEEP, clockMonotonic, timerAbsolute, uintptr(unsafe.Pointer(&at)), 0, 0, 0)
	}
}

// preferThread asks for a thread that runs before ordinary ones and sleeps exactly; a refusal is no fault.
func preferThread() {
	priority := int32(1)
	syscall.RawSyscall(syscall.SYS_SCHED_SETSCHEDULER, 0, schedRoundRobin, uintptr(unsafe.Pointer(&priority)))
	syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_SET_TIMERSLACK, 1, 0)
}
