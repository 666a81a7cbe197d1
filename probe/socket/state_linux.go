// SPDX-License-Identifier: Apache-2.0

package socket

import (
	"net"

	"golang.org/x/sys/unix"
)

// TCPStateOf reads TCP_INFO (tcp(7)), which any user may. It knows nothing of a
// connection that neither Dialer nor SmallDialer made.
func TCPStateOf(conn net.Conn) (state TCPState, known bool) {
	s, ok := conn.(tcpConn)
	if !ok {
		return TCPState{}, false
	}
	var info *unix.TCPInfo
	err := onSocket(s, func(fd int) (err error) {
		info, err = unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
		return err
	})
	if err != nil {
		return TCPState{}, false
	}
	return TCPState{
		Unacked:    int(info.Unacked),
		Unsent:     int(info.Notsent_bytes),
		Resent:     int(info.Total_retrans),
		OutOfOrder: int(info.Rcv_ooopack),
		Segments:   int(info.Segs_in),
		Data:       int(info.Data_segs_in),
	}, true
}
