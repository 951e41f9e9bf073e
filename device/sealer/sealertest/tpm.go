package sealertest

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"
	"github.com/google/go-tpm/tpm2/transport/linuxudstpm"

	"clinicbox/device/sealer"
	"clinicbox/internal/testlog"
	"clinicbox/internal/testpeer"
)

// SWTPM is a TPM in a process of its own, with its memory in a folder.
type SWTPM struct {
	t      testing.TB
	dir    string
	socket string
	cmd    *exec.Cmd
}

// StartTPM starts a fresh TPM for the test. Without swtpm the test is skipped by
// name, or fails with CI=true.
func StartTPM(t testing.TB) *SWTPM {
	t.Helper()
	testpeer.Need(t, "swtpm")
	// Sockets have short names: a test's own folder may be too deep.
	dir, err := os.MkdirTemp("", "swtpm")
	if err != nil {
		t.Fatal(err)
	}
	s := &SWTPM{t: t, dir: dir, socket: filepath.Join(dir, "s")}
	t.Cleanup(func() {
		s.Cut()
		_ = os.RemoveAll(dir)
	})
	s.Power()
	return s
}

// Power starts the TPM with the memory it has.
func (s *SWTPM) Power() {
	s.t.Helper()
	_ = os.Remove(s.socket)
	s.cmd = exec.Command("swtpm", "socket", "--tpm2", "--tpmstate", "dir="+s.dir,
		"--server", "type=unixio,path="+s.socket, "--flags", "not-need-init,startup-clear")
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	testlog.Eventually(ctx, s.t, "swtpm", func() bool {
		c, err := net.Dial("unix", s.socket)
		if err != nil {
			return false
		}
		return c.Close() == nil
	})
}

// Cut takes the power away: nothing is shut down.
func (s *SWTPM) Cut() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	s.cmd = nil
	_ = os.Remove(s.socket)
}

// Socket is where the TPM listens, for a configuration that names it.
func (s *SWTPM) Socket() string { return s.socket }

// Bus is the way to the TPM.
func (s *SWTPM) Bus() sealer.Bus {
	return func() (transport.TPMCloser, error) { return linuxudstpm.Open(s.socket) }
}

// PlatformClear clears the TPM as a thief's firmware could.
func (s *SWTPM) PlatformClear() {
	s.t.Helper()
	t, err := s.Bus()()
	if err != nil {
		s.t.Fatal(err)
	}
	defer t.Close()
	if _, err := (tpm2.Clear{AuthHandle: tpm2.AuthHandle{Handle: tpm2.TPMRHPlatform, Auth: tpm2.PasswordAuth(nil)}}).Execute(t); err != nil {
		s.t.Fatal(err)
	}
}

// Tries is the TPM's own count of wrong tries.
func (s *SWTPM) Tries() uint32 {
	s.t.Helper()
	t, err := s.Bus()()
	if err != nil {
		s.t.Fatal(err)
	}
	defer t.Close()
	r, err := tpm2.GetCapability{Capability: tpm2.TPMCapTPMProperties, Property: uint32(tpm2.TPMPTLockoutCounter), PropertyCount: 1}.Execute(t)
	if err != nil {
		s.t.Fatal(err)
	}
	list, err := r.CapabilityData.Data.TPMProperties()
	if err != nil {
		s.t.Fatal(err)
	}
	return list.TPMProperty[0].Value
}
