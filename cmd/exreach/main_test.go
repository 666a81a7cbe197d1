// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/rogpeppe/go-internal/testscript"

	"exreach/catalog"
	"exreach/probe/protocol"
	"exreach/report/content"
	"exreach/report/schema"
)

var update = flag.Bool("update", false, "write what the commands print into the scripts")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"exreach": main})
}

// TestScripts runs every script of testdata/script: each is a feature as its
// user meets it.
func TestScripts(t *testing.T) {
	// Whoever runs the tests may ignore SIGHUP, and what they start inherits that
	// unless it is caught here.
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(caught) })
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"serve":  serve,
			"mute":   mute,
			"play":   play,
			"vault":  vault,
			"unseen": unseen,
			"await":  await,
			"code":   code,
			"utf16":  asUTF16,
		},
		Setup: func(e *testscript.Env) error {
			e.Setenv("NO_COLOR", "")                 // the user's own must not decide
			e.Setenv("GORACE", "atexit_sleep_ms=50") // of each of a thousand commands, rather than a second
			e.Values["reached"] = map[string]chan struct{}{}
			e.Defer(func() { checkSaved(t, e.WorkDir) })
			return nil
		},
	})
}

// checkSaved wants the reports of exreach that a script has left in its folder to follow their
// schema.
func checkSaved(t *testing.T, folder string) {
	s, err := schema.Open("../../docs/report.schema.json")
	if err != nil {
		t.Error(err)
		return
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.json*"))
	if err != nil {
		t.Error(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Error(err)
		}
		written := bytes.Contains(text, []byte(`"`+content.Schema+`"`)) || bytes.Contains(text, []byte(`"`+content.TraceSchema+`"`))
		if !written {
			continue
		}
		if err := s.Check(text); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// code wants "exec" to have ended with an exit code: code 2 exreach chek
func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N command...")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if exit, ok := err.(interface{ ExitCode() int }); ok {
		got = fmt.Sprint(exit.ExitCode())
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != args[0] {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
}

// asUTF16 writes a file anew as Out-File of PowerShell 5.1 does: utf16 FILE
func asUTF16(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: utf16 FILE")
	}
	data := []byte("\xff\xfe")
	for _, unit := range utf16.Encode([]rune(strings.ReplaceAll(ts.ReadFile(args[0]), "\n", "\r\n"))) {
		data = binary.LittleEndian.AppendUint16(data, unit)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o666))
}

// serve plays servers on loopback until the script ends and writes catalog.yaml,
// which describes them as the only role of a version "lab". Each argument is
// NAME=PROTOCOL, NAME=mute for an SMTP server that says nothing, or NAME=closed
// for a port that refuses. The variable NAME is the port.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: serve NAME=PROTOCOL...")
	}
	text := "version: lab\ntitle: Laboratory\nroles: [{name: server, text: a server of the test}]\nservices:\n"
	for _, arg := range args {
		name, speaks, _ := strings.Cut(arg, "=")
		l, err := net.Listen("tcp", "127.0.0.1:0")
		ts.Check(err)
		port := fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
		switch speaks {
		case "closed":
			port = closedPort(ts, l)
			speaks = "smtp"
		case "mute":
			answer(ts, l, name, "tcp")
			speaks = "smtp"
		default:
			answer(ts, l, name, speaks)
		}
		ts.Setenv(name, port)
		text += fmt.Sprintf("  - {name: %s, role: server, port: %s, protocol: %s, wants: {client: required, admin: optional, internet: forbidden}, exposure: it is a test}\n", name, port, speaks)
	}
	ts.Check(os.WriteFile(ts.MkAbs("catalog.yaml"), []byte(text), 0o666))
}

// mute takes the datagrams of a port of UDP until the script ends, and answers none. The
// variable udp is the port.
func mute(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: mute")
	}
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = conn.Close() })
	ts.Setenv("udp", fmt.Sprint(conn.LocalAddr().(*net.UDPAddr).Port))
}

// play plays a server of the version that a catalogue file describes, on loopback until the
// script ends: play FILE NAME... where each $NAME in the file stands for a port, which is
// put in its place.
func play(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: play FILE NAME...")
	}
	text := ts.ReadFile(args[0])
	listeners := map[string]net.Listener{}
	for _, name := range args[1:] {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		ts.Check(err)
		port := fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
		ts.Setenv(name, port)
		text, listeners[port] = strings.ReplaceAll(text, "$"+name, port), l
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o666))
	cat := catalog.Open()
	ts.Check(cat.Add(args[0], strings.NewReader(text), nil))
	for _, name := range cat.Names() {
		v, err := cat.Version(name)
		ts.Check(err)
		for _, s := range v.Services {
			if l := listeners[s.Ports.String()]; l != nil {
				serveAll(ts, l, func(conn net.Conn) {
					stand := protocol.Stand{Host: "lab.contoso.example", Version: v.Name, Releases: cat.Releases(), Service: s}
					_ = protocol.Table[s.Protocol].Answer(conn, stand)
				})
			}
		}
	}
}

// closedPort is the near end of a connection to l, which is closed: nobody listens
// there, and the system gives the port to nobody else.
func closedPort(ts *testscript.TestScript, l net.Listener) string {
	defer l.Close()
	near, err := net.Dial("tcp", l.Addr().String())
	ts.Check(err)
	ts.Defer(func() { _ = near.Close() })
	far, err := l.Accept()
	ts.Check(err)
	ts.Defer(func() { _ = far.Close() })
	return fmt.Sprint(near.LocalAddr().(*net.TCPAddr).Port)
}

// await waits until a client has connected to a server of serve.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: await NAME")
	}
	select {
	case <-reached(ts, args[0]):
	case <-time.After(20 * time.Second):
		ts.Fatalf("nobody connected to %s", args[0])
	}
}

// reached is closed by the first connection to a server.
func reached(ts *testscript.TestScript, name string) chan struct{} {
	all := ts.Value("reached").(map[string]chan struct{})
	if all[name] == nil {
		all[name] = make(chan struct{})
	}
	return all[name]
}

// answer speaks a protocol with everybody who connects, until the script ends.
func answer(ts *testscript.TestScript, l net.Listener, name, speaks string) {
	p, known := protocol.Table[speaks]
	if !known {
		ts.Fatalf("serve: no protocol %q", speaks)
	}
	connected := reached(ts, name)
	first := sync.OnceFunc(func() { close(connected) })
	serveAll(ts, l, func(conn net.Conn) {
		first()
		service := catalog.Service{Name: name, Network: catalog.TCP, Protocol: speaks, TLS: catalog.NoTLS}
		_ = p.Answer(conn, protocol.Stand{Host: "lab.contoso.example", Version: "2019", Service: service})
	})
}

// serveAll holds a conversation with everybody who connects, until the script
// ends.
func serveAll(ts *testscript.TestScript, l net.Listener, hold func(net.Conn)) {
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // closed
			}
			serving.Go(func() {
				defer conn.Close()
				_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
				hold(conn)
			})
		}
	})
	ts.Defer(func() {
		_ = l.Close()
		serving.Wait()
	})
}
