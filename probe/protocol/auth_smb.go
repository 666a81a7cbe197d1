// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hirochachacha/go-smb2"

	"exreach/probe/protocol/smb"
)

// askSMBSession does what askSMB does, and then logs in if there are credentials.
func askSMBSession(conn net.Conn, q Question) (Peer, error) {
	p, err := askSMB(conn, q)
	if err == nil {
		loginSMB(q, &p)
	}
	return p, err
}

// loginSMB sets up a session and opens a share that every server of the row's role has.
// It needs a connection of its own: a session cannot go on from the negotiation by which
// askSMB found the dialect (MS-SMB2 section 3.3.5.4).
func loginSMB(q Question, p *Peer) {
	if q.Credentials == nil || p.Refusal != "" {
		return
	}
	l := login{q, p}
	switch {
	case p.Facts[FactSMB1Only] != "":
		l.note("session", Undecided, "not tried: the server speaks SMB1 only")
		return
	case strings.Contains(q.Credentials.User, "@"):
		// Go-smb2 would put the server's domain before the name, and no account is
		// called DOMAIN\name@domain.
		l.note("session", Undecided, `not tried: SMB needs the user as DOMAIN\name`)
		return
	}
	share := "IPC$"
	if q.Service.Role == "domain-controller" {
		share = "netlogon"
	}
	opened := ""
	l.once("session", func(c Credentials) error {
		wire, err := smbRedial(q)
		if err != nil {
			return err
		}
		defer wire.Close()
		opened, err = smbSession(wire, c, `\\`+smbServer(q.Host)+`\`+share)
		return err
	})
	if opened != "" {
		l.note(share, Undecided, opened)
	}
}

// smbRedial opens the connection for a session.
func smbRedial(q Question) (*smbWire, error) {
	conn, err := q.Redial()
	if err != nil {
		return nil, err
	}
	frames := smb.New(conn)
	if q.Service.Ports.First == smb.SessionPort {
		refusal, _, err := frames.OpenSession()
		if err != nil {
			return nil, err
		}
		if refusal != "" {
			return nil, notPossible("%s", refusal)
		}
	}
	return &smbWire{Conn: conn, frames: frames}, nil
}

// smbSession logs in and opens a share. If the server accepts the login, opened says
// whether the share opened, and why not.
func smbSession(wire *smbWire, c Credentials, path string) (opened string, err error) {
	dialer := smb2.Dialer{Initiator: &smb2.NTLMInitiator{User: c.User, Domain: c.Domain, Password: c.Password.Reveal()}}
	var session *smb2.Session
	err = unpanicked(func() (err error) {
		session, err = dialer.Dial(wire)
		return err
	})
	switch {
	case wire.flags.Load()&smbGuest != 0:
		// The server may have tried the credentials (Samba: map to guest = bad password).
		err = unclear("the server lets anybody in as a guest, which proves nothing about the credentials")
	case err != nil:
		err = judgeSMB(err)
	}
	switch {
	case err != nil && !wire.given.Load():
		return "", beforeCredentials(err)
	case err != nil:
		return "", err
	case wire.flags.Load()&smbEncrypts != 0:
		return "not opened: the server wants encryption", nil
	}
	opened = openShare(session, path)
	_ = wire.SetDeadline(time.Now().Add(patience))
	_ = unpanicked(session.Logoff) // this closes the share, too
	return opened, nil
}

// errSenseless stands for a panic of go-smb2, which an odd answer of the server causes.
var errSenseless = errors.New("the server's answer makes no sense")

// unpanicked makes a panic an error: go-smb2 trusts what the server says.
func unpanicked(call func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = errSenseless
		}
	}()
	return call()
}

// openShare opens a share, and says whether that worked and why not.
func openShare(session *smb2.Session, path string) string {
	err := unpanicked(func() error {
		_, err := session.Mount(path)
		return err
	})
	switch {
	case err == nil:
		return "opened"
	case errors.Is(err, os.ErrPermission):
		return "not opened: " + smb.StatusText(smb.AccessDenied)
	}
	if answer, ok := errors.AsType[*smb2.ResponseError](err); ok {
		return "not opened: " + smb.StatusText(answer.Code)
	}
	return "not opened: " + err.Error()
}

// smbServer writes a host as a UNC path has it. A path cannot have the colons of an IPv6
// address, so that becomes a name (MS-DTYP section 2.2.57).
func smbServer(host string) string {
	if !strings.Contains(host, ":") {
		return host
	}
	return strings.NewReplacer(":", "-", "%", "s").Replace(host) + ".ipv6-literal.net"
}

// ntDenied are the statuses that refuse the credentials or their account (MS-ERREF
// section 2.3.1), with the outcome of such a login.
var ntDenied = map[uint32]struct {
	name    string
	outcome Outcome
}{
	0xc0000064: {"STATUS_NO_SUCH_USER", Denied},
	0xc000006a: {"STATUS_WRONG_PASSWORD", Denied},
	0xc000006d: {"STATUS_LOGON_FAILURE", Denied},
	0xc000006e: {"STATUS_ACCOUNT_RESTRICTION", Denied},
	0xc000006f: {"STATUS_INVALID_LOGON_HOURS", Denied},
	0xc0000070: {"STATUS_INVALID_WORKSTATION", Denied},
	0xc0000071: {"STATUS_PASSWORD_EXPIRED", Locked},
	0xc0000072: {"STATUS_ACCOUNT_DISABLED", Locked},
	0xc0000193: {"STATUS_ACCOUNT_EXPIRED", Locked},
	0xc0000224: {"STATUS_PASSWORD_MUST_CHANGE", Locked},
	0xc0000234: {"STATUS_ACCOUNT_LOCKED_OUT", Locked},
}

// judgeSMB tells a refusal of the credentials from anything else that goes wrong in a
// login. An error of the connection stays what it is. The rest is unclear: the server may
// have looked at the credentials before.
func judgeSMB(err error) error {
	if transport, ok := errors.AsType[*smb2.TransportError](err); ok {
		return transport.Err
	}
	answer, ok := errors.AsType[*smb2.ResponseError](err)
	if !ok {
		return unclear("%v", err)
	}
	if known, denied := ntDenied[answer.Code]; denied {
		return &loginRefusal{text: fmt.Sprintf("0x%08x (%s)", answer.Code, known.name), outcome: known.outcome}
	}
	return unclear("%s", smb.StatusText(answer.Code))
}

// Flags of a session (MS-SMB2 section 2.2.6).
const (
	smbGuest    = 0x01 | 0x02 // a guest, or anonymous
	smbEncrypts = 0x04        // what follows must be encrypted
)

// An smbWire is the connection that go-smb2 reads. Go-smb2's reader runs on a goroutine
// of its own, where unpanicked catches no panic, and trusts sizes, offsets and flags. So
// smbWire lets only whole messages through, of a kind that the reader survives.
type smbWire struct {
	net.Conn
	frames *smb.Link
	rest   []byte        // of the message that is being handed over
	flags  atomic.Uint32 // of the session
	given  atomic.Bool   // the server sent its challenge, which go-smb2 answers with the credentials
}

func (w *smbWire) Read(b []byte) (int, error) {
	if len(w.rest) == 0 {
		message, err := w.frames.Message()
		if err == nil {
			err = w.check(message)
		}
		if err != nil {
			return 0, err
		}
		w.rest = slices.Concat(binary.BigEndian.AppendUint32(nil, uint32(len(message))), message)
	}
	n := copy(b, w.rest)
	w.rest = w.rest[n:]
	return n, nil
}

// ntMoreProcessing is the status of a login that goes on: the server sent a challenge.
const ntMoreProcessing = 0xc0000016

// Commands of SMB2 (MS-SMB2 section 2.2.1.2).
const (
	smb2CommandNegotiate = 0
	smb2CommandSession   = 1
)

// check reports why a message must not reach go-smb2, and notes what it says of the
// session. A guest's session has no keys, but go-smb2's reader uses them as soon as a
// message claims to be signed.
func (w *smbWire) check(message []byte) error {
	u16, u32 := binary.LittleEndian.Uint16, binary.LittleEndian.Uint32
	if len(message) < smb.HeaderSize2+4 || !strings.HasPrefix(string(message), smb.Magic2) || u16(message[4:]) != smb.HeaderSize2 {
		return smb.Mismatch("no SMB2 message")
	}
	command, status, body := u16(message[12:]), u32(message[8:]), message[smb.HeaderSize2:]
	switch {
	case u32(message[20:]) != 0:
		return smb.Mismatch("several SMB2 messages in one")
	case command == smb2CommandNegotiate && status == 0 && (len(body) < 6 || smb.Dialect2(u16(body[4:])) == ""):
		return smb.Mismatch("an SMB2 dialect that was not offered")
	case command == smb2CommandSession && (status == 0 || status == ntMoreProcessing):
		w.flags.Store(uint32(u16(body[2:])))
		w.given.Store(w.given.Load() || status == ntMoreProcessing)
		if w.flags.Load()&smbGuest != 0 {
			return smb.Mismatch("a session for a guest")
		}
	}
	return nil
}
