// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"exreach/probe/socket"
)

// Where distributions of Linux keep their roots. Of the files, only the first that can be
// read counts; of the folders, all (crypto/x509, with which TestPlaces compares them).
var (
	rootFiles = []string{
		"/etc/ssl/certs/ca-certificates.crt",                // Debian
		"/etc/pki/tls/certs/ca-bundle.crt",                  // Fedora
		"/etc/ssl/ca-bundle.pem",                            // SUSE
		"/etc/pki/tls/cacert.pem",                           // OpenELEC
		"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // RHEL
		"/etc/ssl/cert.pem",                                 // Alpine
	}
	rootFolders = []string{"/etc/ssl/certs", "/etc/pki/tls/certs"}
)

// machineRoots reads this machine's roots, in DER, and parses none of them. It returns
// none where the system itself judges, or where this machine is short of something that
// reading them needs. env may say where they are, as in OfMachine.
func machineRoots(env func(string) string) [][]byte {
	if runtime.GOOS != "linux" {
		return nil
	}
	files, folders := rootFiles, rootFolders
	if name := env("SSL_CERT_FILE"); name != "" {
		files = []string{name}
	}
	if names := env("SSL_CERT_DIR"); names != "" {
		folders = strings.Split(names, ":")
	}
	found := collection{seen: map[string]bool{}}
	for _, name := range files {
		err := found.read(name)
		if isShort(err) {
			return nil
		}
		if err == nil {
			break
		}
	}
	for _, folder := range folders {
		entries, err := os.ReadDir(folder)
		if isShort(err) {
			return nil
		}
		for _, e := range entries {
			if name := filepath.Join(folder, e.Name()); !isAlias(name, e) && isShort(found.read(name)) {
				return nil
			}
		}
	}
	return found.roots // a file that cannot be read for another reason counts as one without roots
}

// isShort reports whether this machine ran out of something.
func isShort(err error) bool {
	cause := socket.CauseOf(err)
	return cause == socket.NoDescriptors || cause == socket.NoMemory
}

// A collection holds certificates, each once: distributions have most roots in a file
// of their own and in the file of them all.
type collection struct {
	roots [][]byte        // in DER
	seen  map[string]bool // by the Base64 text
}

// read takes in the certificates of a file in PEM.
func (c *collection) read(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	for body := range bodies(text) {
		if c.seen[string(body)] {
			continue
		}
		c.seen[string(body)] = true
		root := make([]byte, base64.StdEncoding.DecodedLen(len(body)))
		if n, err := base64.StdEncoding.Decode(root, body); err == nil {
			c.roots = append(c.roots, root[:n])
		}
	}
	return nil
}

// bodies yields the text between the lines that begin and end a certificate (RFC 7468
// section 5.1). Base64 has no dash, so the next dash ends the text. Package pem, which
// also reads headers, takes twice as long for the same.
func bodies(text []byte) iter.Seq[[]byte] {
	begins := []byte("-----BEGIN CERTIFICATE-----")
	return func(yield func([]byte) bool) {
		for {
			dash := bytes.IndexByte(text, '-')
			if dash < 0 {
				return
			}
			body, isOne := bytes.CutPrefix(text[dash:], begins)
			if !isOne {
				text = text[dash+1:]
				continue
			}
			end := max(0, bytes.IndexByte(body, '-'))
			if !yield(body[:end]) {
				return
			}
			text = body[end:]
		}
	}
}

// isAlias reports whether an entry is a link to another entry of the folder, under a hash
// that OpenSSL looks for, such as 5ed36f99.0.
func isAlias(name string, e os.DirEntry) bool {
	if e.Type()&os.ModeSymlink == 0 || len(e.Name()) < 10 || e.Name()[8] != '.' {
		return false
	}
	target, err := os.Readlink(name)
	return err == nil && !strings.Contains(target, "/")
}

// named returns the roots that may have issued a certificate of a chain, or may be one:
// the name of its issuer is in them (RFC 5280 section 6.1.3). It parses no others.
func named(roots [][]byte, chain []*x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, root := range roots {
		if slices.ContainsFunc(chain, func(c *x509.Certificate) bool { return bytes.Contains(root, c.RawIssuer) }) {
			if cert, err := x509.ParseCertificate(root); err == nil {
				pool.AddCert(cert)
			}
		}
	}
	return pool
}
