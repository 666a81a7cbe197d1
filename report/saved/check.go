// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"encoding/json"
	"fmt"
	"hash/maphash"
	"strings"

	"exreach/probe/protocol/tls12"
	"exreach/report"
	"exreach/report/content"
	"exreach/report/judge"
)

var (
	errTooLong = fmt.Errorf("a value of more than %d MiB: exreach writes none", maxValue>>20)
	errTooThin = fmt.Errorf("these values take more than %d times the memory of their text: exreach did not write them", roomPerByte)
)

// What is read and kept may take roomPerByte times as many bytes of memory as its text has,
// and spareRoom bytes more.
const (
	roomPerByte = 4
	spareRoom   = 1 << 20
)

// A chain of more certificates, and a certificate of a longer text, are forged: a reference
// to a certificate is short, and stands for all of its text. exreach keeps ten certificates
// of a chain, and fifty names of a certificate.
const (
	manyCertificates = 64
	longCertificate  = 256 << 10
)

// manyElements is more than all lists of a result have. exreach keeps 2,048 endpoints of a
// mapper, and fewer of everything else.
const manyElements = 1 << 13

// manyResults is more than any host has, except in a forged file.
const manyResults = 1 << 14

// A checker checks one result of a report after the other, and passes the valid ones to the
// draft, host by host.
type checker struct {
	*Reader
	name      string          // of the report
	version   int             // of the schema; 0 until it is known
	room      int             // bytes that what is read may still take
	before    int             // how many runs the reports before have
	run       int             // that host is of
	host      []content.Entry // the results of a host as they come, manyResults at most
	unwritten error           // of the draft
}

// A knownCertificate is what is known of a certificate by its fingerprint.
type knownCertificate struct {
	is     uint64 // equal for equal certificates
	report int    // the last one that has it whole
}

// entry checks a result of a run, which ends on some line, and passes it on.
func (c *checker) entry(e *content.Entry, run, line int) error {
	if c.version == 0 { // the schema stands behind the results
		c.version = 2
		if e.Care == "" {
			c.version = 1
		}
	}
	if bad := badWord(e, c.version); bad != nil {
		return bad
	}
	clean(e)
	if err := badLink(e); err != nil {
		return err
	}
	c.rows.add(c.seed, e, run, line)
	if c.version == 1 {
		upgrade(e)
	} else if err := c.chain(e); err != nil {
		return err
	}
	if n := len(c.host); n > 0 && (c.run != run || c.host[0].Host != e.Host || n == manyResults) {
		if err := c.endHost(); err != nil {
			return err
		}
	}
	c.run, c.host = run, append(c.host, *e)
	return nil
}

// value checks the text of a value before it is read: its names, and the memory that it will
// take.
func (c *checker) value(text []byte, is *shape) error {
	m := measure{text: text, bytes: is.size}
	if err := m.value(is); err != nil {
		return err
	}
	if is.most > 0 && m.parts > is.most {
		return &forgedError{fmt.Errorf("a value with %d elements: exreach writes none of more than %d", m.parts, is.most), len(text)}
	}
	if c.room += roomPerByte*len(text) - m.bytes; c.room < 0 {
		return &forgedError{errTooThin, len(text)}
	}
	return nil
}

// end ends the results.
func (c *checker) end() error {
	for run := c.before + 1; run <= len(c.runs.all); run++ {
		if err := c.rows.end(run, &c.runs); err != nil {
			return err
		}
	}
	return c.endHost()
}

// endHost passes on the results of a host.
func (c *checker) endHost() error {
	if len(c.host) == 0 {
		return nil
	}
	c.unwritten = c.to.Take(c.run, c.host)
	clear(c.host)
	c.host = c.host[:0]
	return c.unwritten
}

// chain checks the certificates of a result: one that is only a fingerprint must have been
// defined, and there is one certificate of each fingerprint.
func (c *checker) chain(e *content.Entry) error {
	if e.Peer == nil || e.Peer.TLS == nil {
		return nil
	}
	if n := len(e.Peer.TLS.Chain); n > manyCertificates {
		return fmt.Errorf("a chain of %d certificates: exreach writes none so long", n)
	}
	for _, cert := range e.Peer.TLS.Chain {
		switch {
		case cert.SHA256 == "": // of exreach/1, which had none
		case !report.IsReference(cert):
			if err := c.certificate(cert); err != nil {
				return err
			}
		default:
			if !c.has(cert.SHA256) {
				return fmt.Errorf("the certificate %s is not among the certificates, which must stand before the results", quoted(cert.SHA256))
			}
		}
	}
	return nil
}

// has reports whether the report itself has a whole certificate.
func (c *checker) has(fingerprint string) bool {
	return c.certificates[fingerprint].report == len(c.names)
}

// certificate takes note of a whole certificate.
func (c *checker) certificate(cert tls12.Certificate) error {
	if !isSum(cert.SHA256) {
		return fmt.Errorf("%s is not the fingerprint of a certificate, which has 64 hexadecimal digits in lower case", quoted(cert.SHA256))
	}
	if report.IsReference(cert) {
		return fmt.Errorf("nothing is said of the certificate %s", cert.SHA256)
	}
	text, err := json.Marshal(cert)
	if err != nil {
		return err
	}
	if len(text) > longCertificate {
		return fmt.Errorf("a certificate of more than %d KiB: exreach writes none", longCertificate>>10)
	}
	is := maphash.Bytes(c.seed, text)
	if was, known := c.certificates[cert.SHA256]; known && was.is != is {
		return fmt.Errorf("two different certificates have the fingerprint %s", cert.SHA256)
	}
	c.certificates[cert.SHA256] = knownCertificate{is: is, report: len(c.names)}
	return nil
}

// isSum reports whether a text is a SHA-256 in hexadecimal, as exreach writes it.
func isSum(text string) bool { return len(text) == 64 && strings.Trim(text, "0123456789abcdef") == "" }

// upgrade makes a result of exreach/1 one of today.
func upgrade(e *content.Entry) {
	e.Grade, e.Care = judge.Reweigh(e.Want, e.Verdict, e.Grade, e.Findings)
	e.CertificateDays = nil
	if e.Peer == nil || e.Peer.TLS == nil {
		return
	}
	for i := range e.Peer.TLS.Chain {
		e.Peer.TLS.Chain[i].SHA256 = ""
	}
}
