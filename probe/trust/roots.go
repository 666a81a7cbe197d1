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

// Where distributions of Linux keep their roots. The first of the files that is
// there counts, and all of the folders (crypto/x509, with which TestPlaces compares them).
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

// machineRoots reads this machine's roots and parses none of them. It has
// none where the system itself judges, or where this machine is short of something that
// reading them needs. The environment may say where they are.
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
	return found.roots // what cannot be read otherwise holds no roots
}

// isShort reports whether this machine ran out of something.
func isShort(err error) bool {
	cause := socket.CauseOf(err)
	return cause == socket.NoDescriptors || cause == socket.NoMemory
}

// A collection is certificates, each once: distributions have most roots in a file
// of their own and in that of all.
type collection struct {
	roots [][]byte // in DER
	seen  map[string]bool
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

// bodies yields what stands between the lines that begin and end a certificate (RFC
// 7468 section 5.1). Base64 has no dash, so the next one ends it. Package pem, which also
// reads headers, takes twice as long for the same.
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

// isAlias reports whether an entry is a hash that OpenSSL looks for, such as
// 5ed36f99.0, and a link to another entry of the folder.
func isAlias(name string, e os.DirEntry) bool {
	if e.Type()&os.ModeSymlink == 0 || len(e.Name()) < 10 || e.Name()[8] != '.' {
		return false
	}
	target, err := os.Readlink(name)
	return err == nil && !strings.Contains(target, "/")
}

// named is the roots that a certificate of a chain may be issued by, or may be: its
// issuer's name is in them (RFC 5280 section 6.1.3). Only these are parsed.
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
