// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"iter"

	"exreach/probe/protocol/tls12"
	"exreach/probe/protocol/wire"
	"exreach/report/content"
)

// A Shelf keeps results outside memory until the report is written, such as a temporary
// file.
type Shelf interface {
	io.Writer
	io.ReaderAt
}

// An UnreadError says that the results of a report could not be read while it was
// written.
type UnreadError struct{ Err error }

func (e *UnreadError) Error() string { return e.Err.Error() }

func (e *UnreadError) Unwrap() error { return e.Err }

// A draft keeps atHand entries and certificates in memory before it shelves any, if their
// JSON has no more than muchAtHand bytes: few runs have more.
const (
	atHand     = 4096
	muchAtHand = 8 << 20
)

// A shelf keeps the entries and the certificates of many hosts. The zero value has no room.
type shelf struct {
	fresh func() (Shelf, error) // makes the Shelf; nil if there is none, or if it has failed
	on    Shelf                 // what fresh made; nil until it is needed
	kept  int                   // in memory
	size  int                   // bytes that these have in JSON
	bytes int64                 // on the shelf
}

// A section is where a value lies on the shelf.
type section struct {
	offset int64
	size   int
}

// put shelves so many entries or certificates, unless there is room at hand. It reports
// whether it did: if a write fails, what follows stays in memory.
func (s *shelf) put(value any, n int) (put section, shelved bool) {
	if s.fresh == nil {
		return section{}, false
	}
	text, err := json.Marshal(value)
	if err == nil && s.kept+n <= atHand && s.size+len(text) <= muchAtHand {
		s.kept, s.size = s.kept+n, s.size+len(text)
		return section{}, false
	}
	if err == nil {
		put, err = s.write(text)
	}
	if err != nil {
		s.fresh = nil
	}
	return put, err == nil
}

func (s *shelf) write(text []byte) (section, error) {
	if s.on == nil {
		on, err := s.fresh()
		if err != nil {
			return section{}, err
		}
		s.on = on
	}
	put := section{s.bytes, len(text)}
	n, err := s.on.Write(text)
	s.bytes += int64(n)
	return put, err
}

// get reads a value that was shelved into into. Its error is an *UnreadError.
func (s *shelf) get(from section, into any) error {
	text := make([]byte, from.size)
	_, err := s.on.ReadAt(text, from.offset)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		return &UnreadError{fmt.Errorf("cannot read back the results of the run: %w", err)}
	}
	return nil
}

// A fingerprint is the SHA-256 of a certificate.
type fingerprint [32]byte

// fingerprintOf reads a fingerprint in hex. It reports whether it is one.
func fingerprintOf(text string) (f fingerprint, ok bool) {
	if len(text) != hex.EncodedLen(len(f)) {
		return f, false
	}
	_, err := hex.Decode(f[:], []byte(text))
	return f, err == nil
}

// certificates is every certificate of a report once, in the order in which they were
// first seen. All services of a host show the same chain, and all hosts the same
// authorities: this takes much less memory than all chains. Most certificates lie on the
// shelf, because a run of many hosts has one for each.
type certificates struct {
	shelf *shelf
	all   []certificate
	place map[fingerprint]int // in all
	near  map[fingerprint]tls12.Certificate
}

// A certificate is one of them.
type certificate struct {
	print   fingerprint
	used    bool               // some result names it
	whole   *tls12.Certificate // nil if it is on the shelf
	shelved section
}

// fewCertificates is how many certificates that were taken from the shelf stay at hand:
// more than a host has.
const fewCertificates = 64

// learn adds a certificate, unless it is there already. It reports whether it is there
// now: one whose fingerprint is not known cannot be.
func (c *certificates) learn(cert tls12.Certificate) bool {
	print, ok := fingerprintOf(cert.SHA256)
	if !ok {
		return false
	}
	if _, known := c.place[print]; known {
		return true
	}
	if c.place == nil {
		c.place = map[fingerprint]int{}
	}
	c.place[print] = len(c.all)
	one := certificate{print: print}
	shelved := false
	if one.shelved, shelved = c.shelf.put(cert, 1); !shelved {
		one.whole = &cert
	}
	c.all = append(c.all, one)
	return true
}

// strip learns the certificates of some entries, and leaves only their fingerprints in
// them. A chain whose certificates have none, as in reports of exreach/1, stays whole.
func (c *certificates) strip(entries []content.Entry) {
	for i := range entries {
		replaceChain(&entries[i], func(cert tls12.Certificate) (tls12.Certificate, error) {
			if IsReference(cert) || c.learn(cert) {
				c.use(cert.SHA256)
				return tls12.Certificate{SHA256: cert.SHA256}, nil
			}
			return cert, nil
		})
	}
}

// use notes that a result names a certificate.
func (c *certificates) use(text string) {
	print, _ := fingerprintOf(text)
	if i, known := c.place[print]; known {
		c.all[i].used = true
	}
}

// restore gives entries the certificates back that strip has learned.
func (c *certificates) restore(entries []content.Entry) error {
	for i := range entries {
		err := replaceChain(&entries[i], func(cert tls12.Certificate) (tls12.Certificate, error) {
			if !IsReference(cert) {
				return cert, nil
			}
			return c.named(cert.SHA256)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// IsReference reports whether a certificate of a chain is only the fingerprint of one that
// stands elsewhere in the report.
func IsReference(c tls12.Certificate) bool {
	nothing := c.Subject == "" && c.Issuer == "" && len(c.Names) == 0 && c.MoreNames == 0 &&
		c.NotBefore.IsZero() && c.NotAfter.IsZero() && c.Key == "" && !c.SelfSigned
	return c.SHA256 != "" && nothing
}

// replaceChain gives an entry another chain, and leaves the old one, which others may use,
// as it is.
func replaceChain(e *content.Entry, with func(tls12.Certificate) (tls12.Certificate, error)) error {
	if e.Peer == nil || e.Peer.TLS == nil || len(e.Peer.TLS.Chain) == 0 {
		return nil
	}
	peer, tls := *e.Peer, *e.Peer.TLS
	peer.TLS, tls.Chain = &tls, make([]tls12.Certificate, 0, len(tls.Chain))
	for _, cert := range e.Peer.TLS.Chain {
		other, err := with(cert)
		if err != nil {
			return err
		}
		tls.Chain = append(tls.Chain, other)
	}
	e.Peer = &peer
	return nil
}

// named returns the certificate with this fingerprint.
func (c *certificates) named(text string) (tls12.Certificate, error) {
	print, _ := fingerprintOf(text)
	i, known := c.place[print]
	if !known {
		return tls12.Certificate{}, fmt.Errorf("certificate %s: the report does not have it", wire.Printable(text, 80))
	}
	if cert, ok := c.near[print]; ok {
		return cert, nil
	}
	cert, err := c.read(c.all[i])
	if err != nil {
		return tls12.Certificate{}, err
	}
	if c.near == nil || len(c.near) == fewCertificates {
		c.near = map[fingerprint]tls12.Certificate{}
	}
	c.near[print] = cert
	return cert, nil
}

// read returns a certificate from memory or from the shelf.
func (c *certificates) read(from certificate) (cert tls12.Certificate, err error) {
	if from.whole != nil {
		return *from.whole, nil
	}
	err = c.shelf.get(from.shelved, &cert)
	return cert, err
}

// each yields every certificate that results name. An error ends the sequence.
func (c *certificates) each() iter.Seq2[tls12.Certificate, error] {
	return func(yield func(tls12.Certificate, error) bool) {
		for _, one := range c.all {
			if !one.used {
				continue
			}
			cert, err := c.read(one)
			if !yield(cert, err) || err != nil {
				return
			}
		}
	}
}
