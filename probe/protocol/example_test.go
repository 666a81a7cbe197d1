// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"exreach/catalog"
	"exreach/probe/protocol"
)

// One conversation from both ends: the table's NNTP asks its own stand-in.
func Example() {
	nntp := protocol.Table["nntp"]
	service := catalog.Service{Name: "nntp", Protocol: "nntp", Network: catalog.TCP}
	near, far := net.Pipe()
	_ = near.SetDeadline(time.Now().Add(10 * time.Second)) // a conversation sets no deadline for itself
	go func() {
		defer far.Close()
		_ = nntp.Answer(far, protocol.Stand{Host: "mail01.contoso.com", Version: "2003", Service: service})
	}()
	peer, err := nntp.Ask(near, protocol.Question{
		Host:    "mail01.contoso.com",
		Service: service,
		Session: protocol.Session{
			At:       func(step protocol.Step) { fmt.Println("step:", step) },
			StartTLS: func(net.Conn) (net.Conn, error) { return nil, errors.New("no TLS here") },
		},
	})
	_ = near.Close()
	fmt.Println(err)
	fmt.Println(strings.TrimSpace(peer.Greeting))
	fmt.Println("posting:", peer.Facts[protocol.FactPosting])
	// Output:
	// step: greet
	// step: talk
	// <nil>
	// 200 NNTP Service 6.0.3790.3959 Version: 6.0.3790.3959 Posting Allowed
	// posting: allowed
}
