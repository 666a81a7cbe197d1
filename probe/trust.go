// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"slices"
	"sync"
	"time"
)

// A trust is whom to trust, and who was found to be trusted.
type trust struct {
	roots  *x509.CertPool // nil is this machine's
	system func() []byte  // in which this machine's roots stand, in base64 without spaces; empty where they cannot be read

	mu    sync.Mutex
	known map[[sha256.Size]byte]error // by chain: most ports of a server show the same one
}

func newTrust(roots *x509.CertPool, env func(string) string) *trust {
	return &trust{
		roots:  roots,
		system: sync.OnceValue(func() []byte { return systemRoots(env) }),
		known:  map[[sha256.Size]byte]error{},
	}
}

// judge says why a chain is not trusted; nil where it is.
func (t *trust) judge(chain []*x509.Certificate) error {
	hash := sha256.New()
	for _, cert := range chain {
		hash.Write(cert.Raw)
	}
	key := [sha256.Size]byte(hash.Sum(nil))
	t.mu.Lock()
	defer t.mu.Unlock()
	err, known := t.known[key]
	if !known {
		err = t.verify(chain)
		t.known[key] = err
	}
	return err
}

// verify judges the chain alone: an expired certificate of a trusted authority is
// expired, not untrusted.
func (t *trust) verify(chain []*x509.Certificate) error {
	leaf, between := chain[0], x509.NewCertPool()
	for _, cert := range chain[1:] {
		between.AddCert(cert)
	}
	at := time.Now()
	if at.After(leaf.NotAfter) || at.Before(leaf.NotBefore) {
		at = leaf.NotBefore.Add(leaf.NotAfter.Sub(leaf.NotBefore) / 2)
	}
	_, err := leaf.Verify(x509.VerifyOptions{
		Roots:         t.rootsFor(chain),
		Intermediates: between,
		CurrentTime:   at,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	return err
}

// rootsFor is the roots, or none where none of them can be the chain's. The
// standard library takes this machine's roots apart to the last field before it
// looks at a chain, which takes longer than all conversations with a server; a
// root whose name stands nowhere (RFC 5280 section 6.1.3) need not be taken apart.
func (t *trust) rootsFor(chain []*x509.Certificate) *x509.CertPool {
	if t.roots != nil {
		return t.roots
	}
	text := t.system()
	if len(text) == 0 || slices.ContainsFunc(chain, func(cert *x509.Certificate) bool { return stands(cert.RawIssuer, text) }) {
		return nil
	}
	return x509.NewCertPool()
}

// endOfName is how much of a name is looked for: letters that a processor compares
// at one go. What is special about a name is at its end.
const endOfName = 48

// stands reports whether a name is in a text, which is not decoded for that: it
// looks for the name as base64 spells it, which depends on where in a group of
// three octets it begins. A name may be there without being a root's.
func stands(name, text []byte) bool {
	for before := range 3 {
		octets := append(make([]byte, before), name...)
		spelled := base64.RawStdEncoding.AppendEncode(nil, octets)
		spelled = spelled[(8*before+5)/6 : 8*len(octets)/6] // letters that tell of nothing else
		if bytes.Contains(text, spelled[max(0, len(spelled)-endOfName):]) {
			return true
		}
	}
	return false
}
