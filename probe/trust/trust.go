// SPDX-License-Identifier: Apache-2.0

// Package trust says whether a chain of certificates ends at somebody whom this
// machine trusts. Names, dates and what else may be wrong with a certificate are
// not its business.
package trust

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"slices"
	"sync"
	"time"
)

// A Store is whom to trust, and who was found to be trusted. The zero value trusts
// this machine's roots. Pools may share one.
type Store struct {
	roots   *x509.CertPool // nil is this machine's
	machine func() []byte  // in which this machine's roots stand, in base64 without spaces; nil and empty: nobody knows

	mu    sync.Mutex
	known map[[sha256.Size]byte]func() string // why a chain is not trusted: most ports of a server show the same one
}

// New trusts roots.
func New(roots *x509.CertPool) *Store { return &Store{roots: roots} }

// OfMachine trusts this machine's roots, and begins to read them: that takes
// as long as the making of a plan, and need not wait for it. The environment may
// say where they are (SSL_CERT_FILE, SSL_CERT_DIR).
func OfMachine(env func(string) string) *Store {
	t := &Store{machine: sync.OnceValue(func() []byte { return machineRoots(env) })}
	go t.machine()
	return t
}

// Judge says why a chain is not trusted; "" where it is. A chain is verified once,
// and who asks for another one does not wait for that: a server may show one that
// takes long.
func (t *Store) Judge(chain []*x509.Certificate) string {
	hash := sha256.New()
	for _, cert := range chain {
		hash.Write(cert.Raw)
	}
	key := [sha256.Size]byte(hash.Sum(nil))
	t.mu.Lock()
	if t.known == nil {
		t.known = map[[sha256.Size]byte]func() string{}
	}
	verdict := t.known[key]
	if verdict == nil {
		verdict = sync.OnceValue(func() string { return t.why(chain) })
		t.known[key] = verdict
	}
	t.mu.Unlock()
	return verdict()
}

// longestChain is how many certificates of a chain are looked at. Public ones have
// three or four; each more that has the right name multiplies the ways to the root.
const longestChain = 10

// why is why a chain is not trusted.
func (t *Store) why(chain []*x509.Certificate) string {
	if err := t.verify(chain[:min(len(chain), longestChain)]); err != nil {
		return err.Error()
	}
	return ""
}

// verify judges the chain alone: an expired certificate of a trusted authority is
// expired, not untrusted.
func (t *Store) verify(chain []*x509.Certificate) error {
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
func (t *Store) rootsFor(chain []*x509.Certificate) *x509.CertPool {
	if t.roots != nil {
		return t.roots
	}
	if t.machine == nil {
		return nil
	}
	text := t.machine()
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
