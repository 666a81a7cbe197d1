// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/rogpeppe/go-internal/testscript"

	"exreach/catalog"
	"exreach/probe/protocol"
)

// Who logs in, in the scripts. The password has what is awkward somewhere.
const (
	aliceName     = `CONTOSO\alice`
	alicePassword = `Zz9-Grüße+$x/"y #1: %`
)

// vault is serve for servers that log in alice, under TLS with a certificate
// that SSL_CERT_FILE makes trusted. Three more kinds of server are: echo, which
// says back what it hears, drop, which hangs up on a password, and forge, which
// claims to be LDAP and says it back there. It writes the files right.txt and
// wrong.txt with credentials.
func vault(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: vault NAME=PROTOCOL...")
	}
	cert, ca, err := loopbackCertificate()
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("ca.pem"), ca, 0o600))
	ts.Setenv("SSL_CERT_FILE", ts.MkAbs("ca.pem"))
	ts.Setenv("SSL_CERT_DIR", ts.MkAbs("no-folder"))
	ts.Check(os.WriteFile(ts.MkAbs("right.txt"), []byte("# alice\nuser: "+aliceName+"\npassword: "+alicePassword+"\n"), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("wrong.txt"), []byte("user: "+aliceName+"\npassword: x"+alicePassword+"\n"), 0o600))
	text := "version: lab\ntitle: Laboratory\nroles: [{name: server, text: a server of the test}]\nservices:\n"
	for _, arg := range args {
		name, kind, _ := strings.Cut(arg, "=")
		inner, err := net.Listen("tcp", "127.0.0.1:0")
		ts.Check(err)
		l := tls.NewListener(inner, &tls.Config{Certificates: []tls.Certificate{cert}})
		ts.Setenv(name, strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
		speaks := keep(ts, l, kind)
		text += fmt.Sprintf("  - {name: %s, role: server, port: %s, protocol: %s, tls: implicit, wants: {client: required}}\n", name, ts.Getenv(name), speaks)
	}
	ts.Check(os.WriteFile(ts.MkAbs("catalog.yaml"), []byte(text), 0o666))
}

// keep serves one kind of server until the script ends, and returns the protocol
// that it speaks.
func keep(ts *testscript.TestScript, l net.Listener, kind string) (speaks string) {
	speaks = map[string]string{"echo": "pop3", "drop": "pop3", "forge": "smtp"}[kind]
	hold := map[string]func(net.Conn){"echo": echoPOP3, "drop": dropPOP3, "forge": forgeSMTP}[kind]
	if speaks == "" {
		speaks = kind
		hold = func(conn net.Conn) {
			service := catalog.Service{Name: kind, Network: catalog.TCP, Protocol: kind, TLS: catalog.Implicit, Ports: catalog.Ports{First: 587, Last: 587}}
			_ = protocol.Table[kind].Answer(conn, protocol.Stand{Host: "lab.contoso.example", Version: "2019", Service: service, Accounts: []protocol.Credentials{
				{User: "alice", Domain: "CONTOSO", Password: protocol.NewSecret(alicePassword)},
			}})
		}
	}
	serveAll(ts, l, hold)
	return speaks
}

// echoPOP3 says back a login by USER and PASS.
func echoPOP3(conn net.Conn) {
	_, _ = io.WriteString(conn, "+OK\r\n+OK\r\nUSER\r\n.\r\n+OK\r\n")
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "PASS") {
			_, _ = io.WriteString(conn, "-ERR what is "+lines.Text()+" or "+lines.Text()+"\r\n")
		}
	}
}

// dropPOP3 hangs up on a password.
func dropPOP3(conn net.Conn) {
	_, _ = io.WriteString(conn, "+OK\r\n+OK\r\nUSER\r\n.\r\n+OK\r\n")
	for lines := bufio.NewScanner(conn); lines.Scan() && !strings.HasPrefix(lines.Text(), "PASS"); {
	}
}

// forgeSMTP says back a login by PLAIN in every shape it knows of.
func forgeSMTP(conn net.Conn) {
	_, _ = io.WriteString(conn, "220 a\r\n250-a\r\n250 AUTH PLAIN\r\n334 \r\n")
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		raw, err := base64.StdEncoding.DecodeString(lines.Text())
		if parts := strings.Split(string(raw), "\x00"); err == nil && len(parts) == 3 {
			_, _ = fmt.Fprintf(conn, "535-5.7.8 %s\r\n535-%s\r\n535-%q\r\n535-%s\r\n535 %s\r\n",
				lines.Text(), parts[2], parts[2], wide(parts[2]), base64.StdEncoding.EncodeToString([]byte(wide(parts[2]))))
		}
	}
}

// wide is a text in UTF-16.
func wide(text string) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		b = binary.LittleEndian.AppendUint16(b, unit)
	}
	return string(b)
}

// unseen fails the script where a file, stdout or stderr among them, holds
// alice's password in a readable shape.
func unseen(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: unseen FILE...")
	}
	in64 := base64.StdEncoding.EncodeToString
	shapes := map[string]string{
		"plain":         alicePassword,
		"its beginning": alicePassword[:8],
		"its end":       alicePassword[8:],
		"Go":            strings.Trim(strconv.QuoteToASCII(alicePassword), `"`),
		"JSON":          `Zz9-Gr\u00fc`,
		"UTF-16":        wide(alicePassword)[:12],
		"UTF-16 as \\x": `Z\x00z\x009`,
		"Base64":        in64([]byte(alicePassword))[:16],
		"Base64 1":      in64([]byte("\x00" + alicePassword))[4:16],
		"Base64 2":      in64([]byte("\x00\x00" + alicePassword))[4:16],
		"UTF-16 in 64":  in64([]byte(wide(alicePassword)))[:16],
		"PLAIN":         in64([]byte("\x00" + aliceName + "\x00" + alicePassword))[24:],
		"hex":           hex.EncodeToString([]byte(alicePassword))[:16],
	}
	for _, file := range args {
		text := ts.ReadFile(file)
		for name, shape := range shapes {
			if strings.Contains(strings.ToLower(text), strings.ToLower(shape)) {
				ts.Fatalf("%s holds the password (%s):\n%s", file, name, text)
			}
		}
	}
}

// loopbackCertificate makes a certificate for 127.0.0.1 and the file of who
// signed it.
func loopbackCertificate() (tls.Certificate, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	leaf := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "exreach test"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().AddDate(1, 0, 0),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, leaf, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), err
}
