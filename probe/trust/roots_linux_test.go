// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
	"time"

	"exreach/probe/standin"
)

// TestMachineRoots: a chain whose end is among this machine's roots has them looked
// through by the standard library, and any other chain ends nowhere.
func TestMachineRoots(t *testing.T) {
	ours, err := standin.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	file := filepath.Join(folder, "ours.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ours.Cert.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	leaf := leafOf(t, ours)
	for name, env := range map[string]map[string]string{
		"in the file":   {"SSL_CERT_FILE": file, "SSL_CERT_DIR": t.TempDir()},
		"in the folder": {"SSL_CERT_FILE": "/dev/null", "SSL_CERT_DIR": t.TempDir() + ":" + folder},
	} {
		if pool := OfMachine(func(name string) string { return env[name] }).rootsFor(leaf); pool != nil {
			t.Errorf("%s: the root was not found", name)
		}
	}
	elsewhere := map[string]string{"SSL_CERT_FILE": "/etc/ssl/certs/ca-certificates.crt", "SSL_CERT_DIR": t.TempDir()}
	other := OfMachine(func(name string) string { return elsewhere[name] })
	if len(other.machine()) == 0 {
		t.Skip("this machine has no roots")
	}
	if pool := other.rootsFor(leaf); pool == nil {
		t.Error("a root that is not there was found")
	}
}

// leafOf is a chain that ends at an authority.
func leafOf(t *testing.T, by *standin.Authority) []*x509.Certificate {
	t.Helper()
	issued, err := by.Issue("mail01.contoso.example", time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(issued.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	return []*x509.Certificate{cert}
}
