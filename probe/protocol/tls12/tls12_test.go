// SPDX-License-Identifier: Apache-2.0

package tls12

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// certified makes a certificate for a key.
func certified(t testing.TB, key crypto.Signer, change func(*x509.Certificate)) tls.Certificate {
	t.Helper()
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail01.contoso.example", Organization: []string{"Contoso Example"}},
		DNSNames: []string{"mail01.contoso.example", "mail.contoso.example"}, IPAddresses: []net.IP{net.IPv4(192, 0, 2, 1).To4()},
		NotBefore: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2055, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	if change != nil {
		change(cert)
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// echoing is the far end of a connection under TLS that says back what it hears.
func echoing(t *testing.T, config *tls.Config) net.Conn {
	t.Helper()
	near, far := net.Pipe()
	_ = near.SetDeadline(time.Now().Add(20 * time.Second))
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer far.Close()
		secured := tls.Server(far, config)
		_, _ = io.Copy(secured, secured)
		_ = secured.Close()
	}()
	t.Cleanup(func() { _ = near.Close(); <-done })
	return near
}

// TestTLS12 wants every cipher that crypto/tls can serve spoken: what is said comes
// back, in one piece and in many.
func TestTLS12(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	certs := []tls.Certificate{certified(t, rsaKey, nil), certified(t, ecKey, nil)}
	spoken := 0
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		known := false
		for _, s := range suites {
			known = known || s.id == suite.ID && s.name == suite.Name
		}
		if !known {
			continue
		}
		spoken++
		t.Run(suite.Name, func(t *testing.T) {
			conn, err := Shake(echoing(t, &tls.Config{Certificates: certs, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{suite.ID}, ClientAuth: tls.RequestClientCert}), "mail01.contoso.example")
			if err != nil {
				t.Fatal(err)
			}
			if conn.Cipher != suite.Name || len(conn.Certificates) != 1 || !conn.ClientCertificate {
				t.Errorf("%s, %d certificates, asked for ours: %t", conn.Cipher, len(conn.Certificates), conn.ClientCertificate)
			}
			for _, size := range []int{1, 100, 40_000} {
				said, heard := bytes.Repeat([]byte("x"), size), make([]byte, size)
				go func() { _, _ = conn.Write(said) }()
				if _, err := io.ReadFull(conn, heard); err != nil || !bytes.Equal(said, heard) {
					t.Fatalf("%d octets: %v", size, err)
				}
			}
		})
	}
	if spoken < 12 {
		t.Errorf("only %d ciphers tried", spoken)
	}
}

// TestTLS12Refused wants what ends a handshake told as crypto/tls tells it.
func TestTLS12Refused(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := []tls.Certificate{certified(t, key, nil)}
	_, err = Shake(echoing(t, &tls.Config{Certificates: cert, MinVersion: tls.VersionTLS13}), "")
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "remote error" || op.Err != tls.AlertError(70) {
		t.Errorf("TLS 1.3 alone: %v, want alert 70", err)
	}
	conn, err := Shake(echoing(t, &tls.Config{Certificates: cert, MaxVersion: tls.VersionTLS12, ClientAuth: tls.RequireAnyClientCert}), "")
	if !errors.As(err, &op) || op.Op != "remote error" || !conn.ClientCertificate {
		t.Errorf("a client certificate: %v (asked: %t)", err, conn.ClientCertificate)
	}
	for name, tt := range map[string]struct {
		sent string
		want func(error) bool
	}{
		"plain text": {"220 mail01 ready\r\n", func(err error) bool { var e tls.RecordHeaderError; return errors.As(err, &e) }},
		"nothing":    {"", func(err error) bool { return errors.Is(err, io.EOF) }},
		"half":       {"\x16\x03\x03\x00\x10\x02", func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }},
		"too much":   {"\x16\x03\x03\xff\xff", func(err error) bool { return errors.As(err, &op) && op.Err == tls.AlertError(22) }},
		"no hello":   {"\x16\x03\x03\x00\x04\x0e\x00\x00\x00", func(err error) bool { return errors.As(err, &op) && op.Op == "local error" }},
	} {
		near, far := net.Pipe()
		go func() {
			_, _ = far.Read(make([]byte, 4096))
			_, _ = io.WriteString(far, tt.sent)
			_ = far.Close()
		}()
		_ = near.SetDeadline(time.Now().Add(10 * time.Second))
		if _, err := Shake(near, "mail01.contoso.example"); !tt.want(err) || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
		_ = near.Close()
	}
}

// TestReadCertificate wants a well-formed certificate read as crypto/x509 does.
func TestReadCertificate(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	cert := certified(t, rsaKey, func(c *x509.Certificate) {
		c.Subject.Country, c.Subject.OrganizationalUnit = []string{"DE"}, []string{"Köln, Süd", "IT"}
	})
	strict, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadCertificate(cert.Certificate[0])
	want := Certificate{
		SHA256: fmt.Sprintf("%x", sha256.Sum256(strict.Raw)), Subject: strict.Subject.String(), CommonName: strict.Subject.CommonName, Issuer: strict.Issuer.String(), Names: []string{"mail01.contoso.example", "mail.contoso.example", "192.0.2.1"},
		NotBefore: strict.NotBefore, NotAfter: strict.NotAfter, Key: "RSA 2048", SelfSigned: true,
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("(- crypto/x509, + here) %v:\n%s", err, diff)
	}
}

// TestReadOddCertificate wants read what crypto/x509 refuses: the kinds are those
// of https://github.com/golang/go/issues/62607 (a letter),
// https://github.com/golang/go/issues/50988 (twice) and
// https://github.com/prometheus/blackbox_exporter/issues/1148 (a curve).
func TestReadOddCertificate(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	patch := func(over, with string) func([]byte) []byte {
		return func(der []byte) []byte { return bytes.Replace(der, []byte(over), []byte(with), -1) }
	}
	keyID := pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 14}, Value: []byte{4, 2, 1, 1}}
	for name, tt := range map[string]struct {
		make    func(*x509.Certificate)
		patch   func([]byte) []byte
		subject string
		first   string
	}{
		"a letter": {nil, patch("Contoso Example", "Contoso@Example"), "CN=mail01.contoso.example,O=Contoso@Example", "mail01.contoso.example"},
		"UTF-8 among the names": {nil, patch("mail01.contoso.example", "ma\xc3\xaf01.contoso.example"),
			"CN=maï01.contoso.example,O=Contoso Example", "maï01.contoso.example"},
		"Latin-1 in a name": {nil, patch("Contoso Example", "Contoso K\xf6ln AG"[:15]), "CN=mail01.contoso.example,O=Contoso Köln AG", "mail01.contoso.example"},
		"twice": {func(c *x509.Certificate) { c.ExtraExtensions = []pkix.Extension{keyID, keyID} }, nil,
			"CN=mail01.contoso.example,O=Contoso Example", "mail01.contoso.example"},
		"a serial below zero": {func(c *x509.Certificate) { c.SerialNumber = big.NewInt(0x7f00000000) }, patch("\x02\x05\x7f\x00\x00\x00\x00", "\x02\x05\xff\x00\x00\x00\x00"),
			"CN=mail01.contoso.example,O=Contoso Example", "mail01.contoso.example"},
		"data behind it": {nil, func(der []byte) []byte { return append(der, 0, 0) }, "CN=mail01.contoso.example,O=Contoso Example", "mail01.contoso.example"},
		"an unknown curve": {nil, patch("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", "\x06\x08\x2b\x24\x03\x03\x02\x08\x01\x08"),
			"CN=mail01.contoso.example,O=Contoso Example", "mail01.contoso.example"},
	} {
		der := certified(t, key, tt.make).Certificate[0]
		if tt.patch != nil {
			der = tt.patch(der)
		}
		if _, err := x509.ParseCertificate(der); err == nil && name != "a serial below zero" {
			t.Errorf("%s: crypto/x509 takes it", name)
		}
		got, err := ReadCertificate(der)
		if err != nil || got.Subject != tt.subject || len(got.Names) != 3 || got.Names[0] != tt.first || got.NotAfter.Year() != 2055 {
			t.Errorf("%s: %v, %+v", name, err, got)
		}
	}
}

func FuzzReadCertificate(f *testing.F) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(certified(f, key, nil).Certificate[0])
	f.Fuzz(func(t *testing.T, der []byte) {
		c, err := ReadCertificate(der)
		if err == nil && (len(c.Names) > mostNames || c.NotAfter.Year() > 9999) {
			t.Errorf("%+v", c)
		}
		_ = readCertificateKey(der)
	})
}

func FuzzTLS12(f *testing.F) {
	f.Add([]byte("\x16\x03\x03\x00\x04\x0e\x00\x00\x00"))
	f.Add([]byte("\x15\x03\x03\x00\x02\x02\x28"))
	f.Fuzz(func(t *testing.T, said []byte) {
		near, far := net.Pipe()
		go func() {
			go func() { _, _ = io.Copy(io.Discard, far) }()
			_, _ = far.Write(said)
			_ = far.Close()
		}()
		_ = near.SetDeadline(time.Now().Add(5 * time.Second))
		if _, err := Shake(near, "mail01.contoso.example"); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%v", err)
		}
		_ = near.Close()
	})
}
