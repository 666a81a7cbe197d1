// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"net"
	"testing"

	"exreach/probe/protocol/smb"
)

// TestSMBWithoutSMB1: where the negotiation of SMB1 is hung up on, by a filter
// that blocks SMB1, or turned away (https://github.com/rapid7/ruby_smb/issues/43
// and https://github.com/fortra/impacket/pull/2085 tell of servers that take one
// kind of negotiation only), SMB2 is asked for alone.
func TestSMBWithoutSMB1(t *testing.T) {
	noDialect := smbPacket(smb1Answer(0, true, []byte{0xff, 0xff}, nil))
	good := smbPacket(smb.StandIn(0, "mailbox", 0x0202, nil))
	for name, test := range map[string]struct {
		first, second string
		dialect       string
		refusal       string
		redialed, cut bool
	}{
		"hung up on":             {"", good, "2.0.2", "", true, false},
		"no dialect of SMB1":     {noDialect, good, "2.0.2", "", true, false},
		"SMB1 is not supported":  {smbPacket(smb1Answer(smb.NotSupported, true, nil, nil)), good, "2.0.2", "", true, false},
		"nothing of either":      {noDialect, noDialect, "", "SMB1: the server speaks none of the dialects offered", true, false},
		"hung up on both times":  {"", "", "", "", true, true},
		"no room for another":    {smbPacket(smb1Answer(smb.NotAccepted, true, nil, nil)), good, "", "SMB1: 0xc00000d0 (STATUS_REQUEST_NOT_ACCEPTED)", false, false},
		"a server that has both": {good, "", "2.0.2", "", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			q, redialed := smbAsking(445), false
			q.Redial = func() (net.Conn, error) {
				redialed = true
				return hangsUpAfter([]byte(test.second)), nil
			}
			p, err := askSMB(hangsUpAfter([]byte(test.first)), q)
			if p.Facts["dialect"] != test.dialect || p.Refusal != test.refusal || (err != nil) != test.cut || redialed != test.redialed {
				t.Errorf("error %v, asked again: %t, peer %+v", err, redialed, p)
			}
		})
	}
}
