package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
)

// packet is what the wire must know about a frame. A frame without an IP packet has no peer.
type packet struct {
	// Length of the IP packet, or of the longest one in a super-packet.
	length    int
	super     bool
	transport string
	peer      string
	kind      string
}

const etherLength = 14

var discoMagic = []byte("TS💬")

// parse reads a frame with its offload header. The peer is the address on the side of b.
func parse(frame []byte, outward bool) packet {
	offload, ether := frame[:offloadLength], frame[offloadLength:]
	p := packet{super: offload[1] != 0}
	if len(ether) < etherLength {
		return p
	}
	ip := ether[etherLength:]
	var protocol byte
	var payload []byte
	var source, target netip.Addr
	fragment := false
	switch binary.BigEndian.Uint16(ether[12:]) {
	case 0x0800:
		if len(ip) < 20 {
			return p
		}
		header := min(int(ip[0]&15)*4, len(ip))
		p.length = int(binary.BigEndian.Uint16(ip[2:]))
		protocol, payload = ip[9], ip[header:]
		fragment = binary.BigEndian.Uint16(ip[6:])&0x1fff != 0
		source, target = netip.AddrFrom4([4]byte(ip[12:16])), netip.AddrFrom4([4]byte(ip[16:20]))
	case 0x86dd:
		if len(ip) < 40 {
			return p
		}
		p.length = 40 + int(binary.BigEndian.Uint16(ip[4:]))
		protocol, payload = ip[6], ip[40:]
		source, target = netip.AddrFrom16([16]byte(ip[8:24])), netip.AddrFrom16([16]byte(ip[24:40]))
	default:
		return p
	}
	if p.super {
		headers, segment := binary.NativeEndian.Uint16(offload[2:]), binary.NativeEndian.Uint16(offload[4:])
		p.length = min(p.length, int(headers)-etherLength+int(segment))
	}
	p.transport, p.kind = kindOf(protocol, payload, fragment)
	if p.peer = source.String(); outward {
		p.peer = target.String()
	}
	return p
}

func kindOf(protocol byte, payload []byte, fragment bool) (transport, kind string) {
	switch protocol {
	case 1, 58:
		return "icmp", "icmp"
	case 6:
		return "tcp", "tcp"
	case 17:
		if fragment || len(payload) < 8 {
			return "udp", "udp fragment"
		}
		return "udp", kindOfDatagram(payload[8:])
	}
	return "", fmt.Sprintf("protocol %d", protocol)
}

func kindOfDatagram(data []byte) string {
	switch {
	case bytes.HasPrefix(data, discoMagic):
		return "disco"
	case len(data) >= 20 && data[0] < 2 && binary.BigEndian.Uint32(data[4:]) == 0x2112a442:
		return "stun"
	case len(data) >= 32 && binary.LittleEndian.Uint32(data) == 4:
		return fmt.Sprintf("wireguard %d", len(data))
	case len(data) >= 64 && data[0] >= 1 && data[0] <= 3 && data[1]|data[2]|data[3] == 0:
		return "wireguard handshake"
	}
	return "udp"
}
