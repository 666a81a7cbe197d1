// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"exreach/probe/standin"
)

// chainOf is a certificate by an authority of its own.
func chainOf(t *testing.T) []*x509.Certificate {
	t.Helper()
	ca, err := standin.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ca.Issue("mail01.contoso.example", time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	return []*x509.Certificate{leaf}
}

// TestCostlyChainAlone: while one chain takes long to verify, the others do not
// wait, and it is verified once for all who ask.
func TestCostlyChainAlone(t *testing.T) {
	costly, cheap := chainOf(t), chainOf(t)
	begun, release := make(chan struct{}), make(chan struct{})
	var verified atomic.Int32
	store := &Store{machine: func() [][]byte {
		if verified.Add(1) == 1 {
			close(begun)
			<-release
		}
		return [][]byte{[]byte("nothing")}
	}}
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			if store.Judge(costly) == "" {
				t.Error("it is trusted")
			}
		})
	}
	<-begun
	if store.Judge(cheap) == "" { // or it waits for ever
		t.Error("the other one is trusted")
	}
	close(release)
	all.Wait()
	if n := verified.Load(); n != 2 {
		t.Errorf("%d verifications", n)
	}
}

// TestLongChain: a server that shows hundreds of certificates by which it could be
// trusted in ever so many ways is judged by the first few.
func TestLongChain(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var chain []*x509.Certificate
	for n := range 200 {
		template := &x509.Certificate{
			SerialNumber: big.NewInt(int64(n)), Subject: pkix.Name{CommonName: "again"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
			IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		}
		der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		chain = append(chain, cert)
	}
	store := New(x509.NewCertPool())
	if store.Judge(chain) == "" {
		t.Error("it is trusted")
	}
	roots := x509.NewCertPool()
	roots.AddCert(chain[longestChain+5])
	if New(roots).Judge(chain[:longestChain]) != New(roots).Judge(chain) {
		t.Error("what stands behind the first certificates counts")
	}
}
