// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"net"

	"golang.org/x/sys/unix"
)

// tcpStateOf reads TCP_INFO (tcp(7)), which any user may.
func tcpStateOf(conn net.Conn) (state tcpState, known bool) {
	s, ok := conn.(socket)
	if !ok {
		return tcpState{}, false
	}
	var info *unix.TCPInfo
	err := s.control(func(fd int) (err error) {
		info, err = unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
		return err
	})
	if err != nil {
		return tcpState{}, false
	}
	return tcpState{
		unacked:    int(info.Unacked),
		unsent:     int(info.Notsent_bytes),
		resent:     int(info.Total_retrans),
		outOfOrder: int(info.Rcv_ooopack),
		segments:   int(info.Segs_in),
		data:       int(info.Data_segs_in),
	}, true
}
