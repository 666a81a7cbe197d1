// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"crypto/tls"
	"net"
	"strings"
	"testing"
	"time"
)

// shake does a handshake with a server of the given configuration.
func shake(t *testing.T, host string, server *tls.Config, a *authority) (*tlsSummary, error) {
	t.Helper()
	near, far := net.Pipe()
	defer near.Close()
	go func() {
		defer far.Close()
		_ = tls.Server(far, server).Handshake()
	}()
	pool := (&StandIn{authority: a}).Roots()
	l := newLeash(near, time.Now().Add(10*time.Second))
	conn, shown, err := handshake(l, host, 5*time.Second, l, usualHello)
	if err != nil {
		return nil, err
	}
	_ = conn.Close()
	info := shown.judge(NewTrust(pool))
	return &tlsSummary{info.Version, info.Trusted, info.NameMatches, info.Chain[0].NotAfter.Before(time.Now()), info.Chain[0].SelfSigned}, nil
}

type tlsSummary struct {
	version                             string
	trusted, named, expired, selfSigned bool
}

// TestHandshake wants every handshake that can be done to be done, and its
// certificate told as it is: trust, name and dates each on their own.
func TestHandshake(t *testing.T) {
	a, err := newAuthority()
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := newAuthority()
	if err != nil {
		t.Fatal(err)
	}
	issue := func(by *authority, end time.Time) []tls.Certificate {
		cert, err := by.issue("mail01.contoso.example", end)
		if err != nil {
			t.Fatal(err)
		}
		return []tls.Certificate{cert}
	}
	soon, past := time.Now().AddDate(0, 1, 0), time.Now().AddDate(0, -1, 0)
	self := []tls.Certificate{{Certificate: [][]byte{stranger.cert.Raw}, PrivateKey: stranger.key}}
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
	a, err := newAuthority()
	if err != nil {
		t.Fatal(err)
	}
	_, err = shake(t, "mail01.contoso.example", &tls.Config{}, a) // it has no certificate
	if o := classify(err, "tls", false); o.verdict != BadTLS || !strings.Contains(err.Error(), "handshake") {
		t.Errorf("%s (%v), want bad-tls", o.verdict, err)
	}
}
