// SPDX-License-Identifier: Apache-2.0

// Package trust says whether a chain of certificates ends at an authority that this
// machine trusts. Names, dates and what else may be wrong with a certificate are
// not its business. Of the packages in probe it may import probe/socket alone.
//
// The verdict is crypto/x509's. On Linux crypto/x509 parses all of a machine's roots
// before it looks at its first chain. For the 144 of Debian, each of which is in two
// files, that takes 10 ms and 3.7 MB, in a check that asks 40 ports of loopback and is
// over in 30 ms. This package parses only the roots that bear a name of the chain: 4 ms
// and 1.2 MB, most of it while the plan is made (BenchmarkFirstChain, on two cores).
package trust

import (
	"crypto/sha256"
	"crypto/x509"
	"sync"
	"time"
)

// A Store says whom to trust, and remembers which chains are trusted. A probe.Shared has
// one, and several may share it. The zero value trusts this machine's roots.
type Store struct {
	// Inputs; New and OfMachine set them.
	roots   *x509.CertPool  // nil is this machine's
	machine func() [][]byte // returns this machine's roots in DER; nil, or no roots, leaves them to crypto/x509

	reading sync.WaitGroup // of this machine's roots

	mu       sync.Mutex                          // guards the fields below
	verdicts map[[sha256.Size]byte]func() string // why a chain is not trusted: most ports of a server show the same one
}

// New returns a Store that trusts roots; nil is this machine's.
func New(roots *x509.CertPool) *Store { return &Store{roots: roots} }

// OfMachine returns a Store that trusts this machine's roots, and begins to read them in
// the background: the plan need not wait. env is os.Getenv or like it: it may say
// where the roots are (SSL_CERT_FILE, SSL_CERT_DIR). Close the Store after use.
func OfMachine(env func(string) string) *Store {
	t := &Store{machine: sync.OnceValue(func() [][]byte { return machineRoots(env) })}
	t.reading.Go(func() { t.machine() })
	return t
}

// Close waits until OfMachine's reading is over.
func (t *Store) Close() { t.reading.Wait() }

// Judge says why a chain is not trusted; "" where it is. The chain begins with the leaf,
// and is not empty. Judge verifies each chain once. Calls for another chain do not wait
// for that: a server may show a chain that takes long.
func (t *Store) Judge(chain []*x509.Certificate) string {
	hash := sha256.New()
	for _, cert := range chain {
		hash.Write(cert.Raw)
	}
	key := [sha256.Size]byte(hash.Sum(nil))
	t.mu.Lock()
	if t.verdicts == nil {
		t.verdicts = map[[sha256.Size]byte]func() string{}
	}
	verdict := t.verdicts[key]
	if verdict == nil {
		verdict = sync.OnceValue(func() string { return t.why(chain) })
		t.verdicts[key] = verdict
	}
	t.mu.Unlock()
	return verdict()
}

// longestChain is how many certificates of a chain Judge looks at. Public chains have
// three or four; each further one with the right name multiplies the ways to the root.
const longestChain = 10

// why says why a chain is not trusted; "" where it is.
func (t *Store) why(chain []*x509.Certificate) string {
	if err := t.verify(chain[:min(len(chain), longestChain)]); err != nil {
		return err.Error()
	}
	return ""
}

// verify judges trust alone, at a time when the leaf is valid: an expired certificate of
// a trusted authority is expired, not untrusted.
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

// rootsFor returns the roots that matter to a chain; nil leaves it to crypto/x509 to find
// them.
func (t *Store) rootsFor(chain []*x509.Certificate) *x509.CertPool {
	if t.roots != nil || t.machine == nil {
		return t.roots
	}
	roots := t.machine()
	if len(roots) == 0 {
		return nil
	}
	return named(roots, chain)
}
