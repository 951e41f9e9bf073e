package hubmain

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"clinicbox/hub/broker"
	"clinicbox/hub/pages"
	"clinicbox/internal/durable"
	"clinicbox/internal/keyfile"
)

// Sentinels for callers that decide on them.
var (
	// ErrLocked: another hub runs on the data directory.
	ErrLocked = errors.New("hub: the data directory is in use")
	// ErrUsers: the users file cannot be used.
	ErrUsers = errors.New("hub: users file: want lines name:password")
)

// lock keeps a second hub off the directory; it is gone with the process.
func lock(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "LOCK"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("hub: %w", err)
	}
	if err := durable.Hold(f); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("%w: %s", ErrLocked, dir)
	}
	return f, nil
}

// Keys returns the centre's keys, made when there are none.
func Keys(path string) (k *keyfile.Private, made bool, err error) {
	k, err = keyfile.Load(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, false, err
	}
	if k, err = keyfile.Generate("hub"); err != nil {
		return nil, false, err
	}
	if err := durable.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, false, err
	}
	return k, true, k.Save(path)
}

// token returns the first operator's token, made when its file is missing.
func token(path string) (t string, made bool, err error) {
	t, err = readToken(path)
	if errors.Is(err, fs.ErrNotExist) {
		t = rand.Text()
		return t, true, durable.WriteFile(path, []byte(t+"\n"), 0o600)
	}
	return t, false, err
}

func readToken(path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("hub: %w", err)
	}
	t := strings.TrimSpace(string(b))
	if len(t) < pages.MinToken {
		return "", fmt.Errorf("%w: %s", pages.ErrToken, path)
	}
	return t, nil
}

// users reads who may connect to the embedded broker.
func users(path string) ([]broker.User, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("hub: %w", err)
	}
	defer f.Close()
	var out []broker.User
	s := bufio.NewScanner(f)
	for n := 1; s.Scan(); n++ {
		line := strings.TrimSpace(s.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		name, password, ok := strings.Cut(line, ":")
		if !ok || !keyfile.ValidName(name) || password == "" || name == hubUser {
			return nil, fmt.Errorf("%w: line %d", ErrUsers, n) // the line holds a password
		}
		out = append(out, broker.User{Name: name, Password: password})
	}
	return out, s.Err()
}

func secret(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("hub: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}
