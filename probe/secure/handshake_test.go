// SPDX-License-Identifier: Apache-2.0

package secure

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"exreach/probe/protocol/tls12"
	"exreach/probe/socket"
	"exreach/probe/standin"
	"exreach/probe/trust"
)

// shake does a handshake with a server of the given configuration.
func shake(t *testing.T, host string, server *tls.Config, a *standin.Authority) (*tlsSummary, error) {
	t.Helper()
	near, far := net.Pipe()
	defer near.Close()
	go func() {
		defer far.Close()
		_ = tls.Server(far, server).Handshake()
	}()
	conn, shown, err := Client{Host: host, Limit: 5 * time.Second, Line: near}.Handshake(near)
	if err != nil {
		return nil, err
	}
	_ = conn.Close()
	info := shown.Judge(trust.New(a.Roots()).Judge)
	return &tlsSummary{info.Version, info.Trusted, info.NameMatches, info.Chain[0].NotAfter.Before(time.Now()), info.Chain[0].SelfSigned}, nil
}

type tlsSummary struct {
	version                             string
	trusted, named, expired, selfSigned bool
}

// TestHandshake wants every handshake that can be done to be done, and its
// certificate told as it is: trust, name and dates each on their own.
func TestHandshake(t *testing.T) {
	a, err := standin.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := standin.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	issue := func(by *standin.Authority, end time.Time) []tls.Certificate {
		cert, err := by.Issue("mail01.contoso.example", end)
		if err != nil {
			t.Fatal(err)
		}
		return []tls.Certificate{cert}
	}
	soon, past := time.Now().AddDate(0, 1, 0), time.Now().AddDate(0, -1, 0)
	self := []tls.Certificate{{Certificate: [][]byte{stranger.Cert.Raw}, PrivateKey: stranger.Key}}
	tests := []struct {
		name   string
		host   string
		server *tls.Config
		want   tlsSummary
	}{
		{"good", "mail01.contoso.example", &tls.Config{Certificates: issue(a, soon)}, tlsSummary{"TLS 1.3", true, true, false, false}},
		{"a dot at the end of the name", "mail01.contoso.example.", &tls.Config{Certificates: issue(a, soon)}, tlsSummary{"TLS 1.3", true, true, false, false}},
		{"expired, and still of a trusted authority", "mail01.contoso.example", &tls.Config{Certificates: issue(a, past)}, tlsSummary{"TLS 1.3", true, true, true, false}},
		{"for another name", "mail02.contoso.example", &tls.Config{Certificates: issue(a, soon)}, tlsSummary{"TLS 1.3", true, false, false, false}},
		{"asked for by address", "192.0.2.1", &tls.Config{Certificates: issue(a, soon)}, tlsSummary{"TLS 1.3", true, false, false, false}},
		{"of an unknown authority", "mail01.contoso.example", &tls.Config{Certificates: issue(stranger, soon)}, tlsSummary{"TLS 1.3", false, true, false, false}},
		{"self-signed", "mail01.contoso.example", &tls.Config{Certificates: self}, tlsSummary{"TLS 1.3", false, false, false, true}},
		{"TLS 1.0 only", "mail01.contoso.example", &tls.Config{Certificates: issue(a, soon), MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}, tlsSummary{"TLS 1.0", true, true, false, false}},
		{"RC4 only", "mail01.contoso.example", &tls.Config{Certificates: issue(a, soon), MaxVersion: tls.VersionTLS12,
			CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_RC4_128_SHA}}, tlsSummary{"TLS 1.2", true, true, false, false}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := shake(t, tt.host, tt.server, a)
			if err != nil {
				t.Fatal(err)
			}
			if *got != tt.want {
				t.Errorf("%+v, want %+v", *got, tt.want)
			}
		})
	}
}

// TestHandshakeRefused wants a server that will not shake hands told as such,
// with its own reason.
func TestHandshakeRefused(t *testing.T) {
	a, err := standin.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	_, err = shake(t, "mail01.contoso.example", &tls.Config{}, a) // it has no certificate
	var failed *Error
	if !errors.As(err, &failed) || failed.After || socket.IsTimeout(err) || errors.Is(err, io.EOF) || socket.CauseOf(err) != socket.NoCause || !strings.Contains(err.Error(), "handshake") {
		t.Errorf("%v, want TLS that failed", err)
	}
}

// TestNamedInSubject: X.509 version 1 has no room for alternative names.
func TestNamedInSubject(t *testing.T) {
	a, err := standin.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]bool{"exreach stand-in authority": true, "mail01.contoso.example": false, "192.0.2.1": false} {
		if got := namedInSubject(describeCertificate(a.Cert), host); got != want {
			t.Errorf("%s: %t", host, got)
		}
	}
	named := tls12.Certificate{CommonName: "*.contoso.example"}
	if !namedInSubject(named, "Mail01.contoso.example") {
		t.Error("a wildcard as the common name")
	}
	named.Names = []string{"other.contoso.example"}
	if namedInSubject(named, "mail01.contoso.example") {
		t.Error("a common name beside alternative names")
	}
}

// TestHelloSizes wants the second hello to be of none of the sizes that old
// balancers hang at, however long the name is.
func TestHelloSizes(t *testing.T) {
	label := "abcdefghijklmnopqrstuvwxyz-0123456789-abcdefghijklmnopqrstuvwx"
	for _, host := range []string{"192.0.2.1", "m.de", "mail01.contoso.example", label[:31], label[:32], label + "." + label + "." + label + ".example"} {
		near, far := net.Pipe()
		meter := &Meter{Conn: near}
		go func() { _ = tls.Client(meter, OtherHello.config(host)).Handshake() }()
		buf := make([]byte, 4096)
		if _, err := far.Read(buf); err != nil {
			t.Fatal(err)
		}
		if size := int(binary.BigEndian.Uint16(buf[3:])); size >= 256 && size <= 511 {
			t.Errorf("%s: a hello of %d octets", host, size)
		}
		_, _ = near.Close(), far.Close()
	}
}
