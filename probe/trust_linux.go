// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
)

// Where distributions keep their roots. The first of the files that is there
// counts, and all of the folders (crypto/x509 on Linux).
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

// systemRoots lists every certificate that may be one of this machine's roots, in
// DER; nil where there is none, and somebody else has to know. The environment may
// say where they are.
func systemRoots(env func(string) string) (list [][]byte) {
	if env == nil {
		return nil
	}
	files, folders := rootFiles, rootFolders
	if name := env("SSL_CERT_FILE"); name != "" {
		files = []string{name}
	}
	if names := env("SSL_CERT_DIR"); names != "" {
		folders = strings.Split(names, ":")
	}
	for _, name := range files {
		list = append(list, certificatesIn(name)...)
	}
	for _, folder := range folders {
		entries, _ := os.ReadDir(folder) // what cannot be read holds no roots
		for _, e := range entries {
			if name := filepath.Join(folder, e.Name()); !aliasAmong(name, e) {
				list = append(list, certificatesIn(name)...)
			}
		}
	}
	return list
}

// aliasAmong reports whether an entry is another name for one of the same folder,
// as the hashes are that OpenSSL looks for.
func aliasAmong(name string, e os.DirEntry) bool {
	if e.Type()&os.ModeSymlink == 0 {
		return false
	}
	target, err := os.Readlink(name)
	return err == nil && !strings.Contains(target, "/")
}

// certificatesIn is the certificates of a file in PEM.
func certificatesIn(name string) (list [][]byte) {
	data, _ := os.ReadFile(name) // what cannot be read holds no roots
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		list = append(list, block.Bytes)
	}
	return list
}
