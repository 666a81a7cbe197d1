// SPDX-License-Identifier: Apache-2.0

package census

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"io"
	"net/netip"
	"strconv"
	"strings"
)

// readProc gives every socket of a file like /proc/net/tcp (proc(5)) to add, until that
// wants no more. A line that is not understood is passed over. Each socket of a file of UDP
// counts as listening.
func readProc(from io.Reader, udp bool, add func(row) bool) error {
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		r, ok := procRow(lines.Text())
		r.listening = r.listening || udp
		if ok && !add(r) {
			return nil
		}
	}
	return lines.Err()
}

// procRow reads "sl local remote state queues timer retransmits user timeout inode …".
func procRow(line string) (row, bool) {
	fields := strings.Fields(line)
	if len(fields) < 10 {
		return row{}, false
	}
	var r row
	var ok [2]bool
	r.local, ok[0] = procEnd(fields[1])
	r.remote, ok[1] = procEnd(fields[2])
	state, err := strconv.ParseUint(fields[3], 16, 8)
	user, err2 := strconv.ParseUint(fields[7], 10, 32)
	inode, err3 := strconv.ParseUint(fields[9], 10, 64)
	if err != nil || err2 != nil || err3 != nil || !ok[0] || !ok[1] {
		return row{}, false
	}
	r.user, r.owner = uint32(user), inode
	r.linux(byte(state))
	return r, true
}

// procEnd reads "0100007F:1F90": the address in words of 32 bits, which the kernel reads in
// the machine's order, and the port.
func procEnd(s string) (netip.AddrPort, bool) {
	address, digits, _ := strings.Cut(s, ":")
	port, err := strconv.ParseUint(digits, 16, 16)
	if err != nil {
		return netip.AddrPort{}, false
	}
	words, err := hex.DecodeString(address)
	if err != nil || len(words) != 4 && len(words) != 16 {
		return netip.AddrPort{}, false
	}
	for i := 0; i < len(words); i += 4 {
		binary.NativeEndian.PutUint32(words[i:], binary.BigEndian.Uint32(words[i:]))
	}
	a, _ := netip.AddrFromSlice(words)
	return netip.AddrPortFrom(a.Unmap(), uint16(port)), true
}
