// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"exreach/probe/socket"
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

// machineRoots reads everything that may hold one of this machine's roots; there is
// nothing where somebody else has to know, or where this machine is too short of
// something to read them. The environment may say where they are.
func machineRoots(env func(string) string) []byte {
	files, folders := rootFiles, rootFolders
	if name := env("SSL_CERT_FILE"); name != "" {
		files = []string{name}
	}
	if names := env("SSL_CERT_DIR"); names != "" {
		folders = strings.Split(names, ":")
	}
	files = slices.Clone(files)
	for _, folder := range folders {
		entries, err := os.ReadDir(folder)
		if isShort(err) {
			return nil
		}
		for _, e := range entries {
			if name := filepath.Join(folder, e.Name()); !isAlias(name, e) {
				files = append(files, name)
			}
		}
	}
	text := make([]byte, 0, 1<<20)
	for _, name := range files {
		var err error
		if text, err = appendFile(text, name); isShort(err) {
			return nil
		}
	}
	return text // what cannot be read otherwise holds no roots
}

// isShort reports whether this machine ran out of something.
func isShort(err error) bool {
	cause := socket.CauseOf(err)
	return cause == socket.NoDescriptors || cause == socket.NoMemory
}

// appendFile appends what a file holds, but for spaces. It asks the system for
// that alone: there are hundreds of files, and package os asks for more.
func appendFile(text []byte, name string) ([]byte, error) {
	fd, err := unix.Open(name, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return text, err
	}
	defer unix.Close(fd)
	for {
		text = slices.Grow(text, 1<<16)
		n, err := unix.Read(fd, text[len(text):cap(text)])
		switch {
		case errors.Is(err, unix.EINTR):
		case n <= 0:
			return text, err
		default:
			text = appendUnspaced(text, text[len(text):len(text)+n])
		}
	}
}

// appendUnspaced appends data without white space. Apart from comments, that stands
// only at the ends of lines.
func appendUnspaced(text, data []byte) []byte {
	for line := range bytes.Lines(data) {
		for line = bytes.TrimSpace(line); ; {
			word, rest, more := bytes.Cut(line, []byte(" "))
			text = append(text, word...)
			if line = rest; !more {
				break
			}
		}
	}
	return text
}

// isAlias reports whether an entry is a hash that OpenSSL looks for, such as
// 5ed36f99.0, and stands for another entry of the folder.
func isAlias(name string, e os.DirEntry) bool {
	if e.Type()&os.ModeSymlink == 0 || len(e.Name()) < 10 || e.Name()[8] != '.' {
		return false
	}
	target, err := os.Readlink(name)
	return err == nil && !strings.Contains(target, "/")
}
