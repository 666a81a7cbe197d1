// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"exreach/probe/standin"
)

// TestMachineRoots: a chain whose end is among this machine's roots is trusted,
// wherever that stands, and any other is not.
func TestMachineRoots(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("here the system itself judges chains")
	}
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
		store := OfMachine(func(name string) string { return env[name] })
		if why := store.Judge(leaf); why != "" {
			t.Errorf("%s: %s", name, why)
		}
		if why := store.Judge(chainOf(t)); why == "" { // of another authority with the same name
			t.Errorf("%s: a stranger is trusted", name)
		}
		store.Close()
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

// debian is the bundle of Debian's package ca-certificates.
const debian = "/etc/ssl/certs/ca-certificates.crt"

func bundle(tb testing.TB) []*x509.Certificate {
	tb.Helper()
	text, err := os.ReadFile(debian)
	if err != nil || runtime.GOOS != "linux" {
		tb.Skipf("this machine has no bundle of Debian's: %v", err)
	}
	var roots []*x509.Certificate
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if cert, err := x509.ParseCertificate(block.Bytes); err == nil {
			roots = append(roots, cert)
		}
	}
	return roots
}

// TestBundle wants each root of a real bundle found, and it and who only bears its
// name judged as crypto/x509 judges.
func TestBundle(t *testing.T) {
	roots := bundle(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ours := OfMachine(os.Getenv)
	defer ours.Close()
	theirs := New(nil)
	for _, root := range roots {
		if why, want := ours.Judge([]*x509.Certificate{root}), theirs.Judge([]*x509.Certificate{root}); why != want || why != "" {
			t.Errorf("%s: %q, and crypto/x509 says %q", root.Subject, why, want)
		}
		template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
		der, err := x509.CreateCertificate(rand.Reader, template, &x509.Certificate{RawSubject: root.RawSubject, SubjectKeyId: root.SubjectKeyId}, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		forged, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		if why, want := ours.Judge([]*x509.Certificate{forged}), theirs.Judge([]*x509.Certificate{forged}); why != want || why == "" {
			t.Errorf("whoever bears the name of %s: %q, and crypto/x509 says %q", root.Subject, why, want)
		}
	}
	t.Logf("%d roots", len(roots))
}

// TestPlaces wants the places of roots to be those of crypto/x509.
func TestPlaces(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(build.Default.GOROOT, "src/crypto/x509/root_linux.go"), nil, 0)
	if err != nil {
		t.Skipf("the source of crypto/x509 is not here: %v", err)
	}
	theirs := map[string][]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == 1 {
			for _, e := range v.Values[0].(*ast.CompositeLit).Elts {
				name, _ := strconv.Unquote(e.(*ast.BasicLit).Value)
				theirs[v.Names[0].Name] = append(theirs[v.Names[0].Name], name)
			}
		}
		return true
	})
	if !slices.Equal(theirs["certFiles"], rootFiles) || !slices.Equal(theirs["certDirectories"], rootFolders) {
		t.Errorf("crypto/x509 reads %q", theirs)
	}
}

// BenchmarkFirstChain is the first chain that a fresh process judges, beside what
// crypto/x509 alone takes for it: one of nobody's, and one of a root.
func BenchmarkFirstChain(b *testing.B) {
	bundle(b)
	for _, by := range []string{"exreach", "crypto/x509"} {
		for _, chain := range []string{"unknown", "known"} {
			b.Run(by+" "+chain, func(b *testing.B) {
				var took time.Duration
				var kilobytes, n int
				for b.Loop() {
					child := exec.Command(os.Args[0], "-test.run=^TestFirstChain$", "-test.v")
					child.Env = append(os.Environ(), "FIRST_CHAIN="+by+" "+chain)
					out, err := child.Output()
					if err != nil {
						b.Fatal(err)
					}
					var each time.Duration
					var memory int
					if _, err := fmt.Sscanf(string(out), "=== RUN   TestFirstChain\n%d %d\n", &each, &memory); err != nil {
						b.Fatalf("%v: %s", err, out)
					}
					took, kilobytes, n = took+each, kilobytes+memory, n+1
				}
				b.ReportMetric(float64(took.Microseconds())/1e3/float64(n), "ms/chain")
				b.ReportMetric(float64(kilobytes)/float64(n), "KB/chain")
			})
		}
	}
}

// TestFirstChain is the process of BenchmarkFirstChain.
func TestFirstChain(t *testing.T) {
	var by, of string
	if _, err := fmt.Sscan(os.Getenv("FIRST_CHAIN"), &by, &of); err != nil {
		t.Skip("for the benchmark alone")
	}
	chain := chainOf(t)
	if of == "known" {
		chain = bundle(t)[:1]
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	store := New(nil)
	if by == "exreach" {
		store = OfMachine(os.Getenv)
		defer store.Close()
	}
	store.Judge(chain)
	took := time.Since(began)
	runtime.ReadMemStats(&after)
	fmt.Println(int(took), (after.TotalAlloc-before.TotalAlloc)>>10)
}
