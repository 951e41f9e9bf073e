package boxmain

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"clinicbox/clinic"
	"clinicbox/internal/checkpoint"
	"clinicbox/interop/archive"
	"clinicbox/store"
)

// writeArchive writes an export of what the head says.
func writeArchive(ctx context.Context, w io.Writer, s *store.Store, h archive.Head, progress func(uint64)) error {
	out, err := archive.NewWriter(w, h)
	if err != nil {
		return err
	}
	sel := archive.NewSelection(h.Scope)
	if h.Scope != (archive.Scope{}) {
		err := eachEntry(ctx, s, h, func(e *archive.Entry) error {
			sel.Note(e)
			return nil
		})
		if err != nil {
			return err
		}
	}
	done := uint64(0)
	err = eachEntry(ctx, s, h, func(e *archive.Entry) (err error) {
		done++
		progress(done)
		if !sel.Wants(e) {
			return nil
		}
		if h.Scope != (archive.Scope{}) {
			if e.Proof, err = logOf(s, e.Journal).Prove(e.Index, treeOf(h, e.Journal).Size); err != nil {
				return err
			}
		}
		return out.Add(*e)
	})
	if err != nil {
		return err
	}
	return out.Close()
}

func logOf(s *store.Store, j clinic.Journal) *store.Log {
	if j == clinic.In {
		return s.Received()
	}
	return s.Own()
}

func treeOf(h archive.Head, j clinic.Journal) archive.Tree {
	if j == clinic.In {
		return h.In
	}
	return h.Own
}

// What is read at a time.
const (
	readEntries = 1000
	readBytes   = 1 << 20
)

// eachEntry passes the entries of own, then those of in, up to the sizes of the head.
func eachEntry(ctx context.Context, s *store.Store, h archive.Head, fn func(*archive.Entry) error) error {
	for _, j := range []clinic.Journal{clinic.Own, clinic.In} {
		for at := uint64(0); at < treeOf(h, j).Size; {
			raws, err := logOf(s, j).Read(at, readEntries, readBytes)
			if err = errors.Join(err, ctx.Err()); err != nil {
				return err
			}
			for i := range raws {
				r := &raws[i]
				if r.Index >= treeOf(h, j).Size {
					break
				}
				e := archive.Entry{Journal: j, Index: r.Index, Bytes: r.Bytes, Leaf: r.Leaf}
				if !r.Hole() {
					e.Salt = r.Salt
				}
				if err := fn(&e); err != nil {
					return err
				}
			}
			at += uint64(len(raws))
		}
	}
	return nil
}

// keyText is how the public key of a box is written for people, and parseKey reads it.
func keyText(k ed25519.PublicKey) string { return base64.StdEncoding.EncodeToString(k) }

// Of the line of a log's key it returns the journal's name too.
func parseKey(s string) (origin string, key ed25519.PublicKey, err error) {
	if s == "" {
		return "", nil, nil
	}
	if origin, key, err = checkpoint.ParseKeyLine(s); err == nil {
		return origin, key, nil
	}
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(s))
	if err != nil || len(b) != ed25519.PublicKeySize {
		return "", nil, fmt.Errorf("%w: -key: 44 ký tự base64 hoặc cả dòng khóa của nhật ký / 44 characters of base64, or the whole line of the log's key", ErrUsage)
	}
	return "", b, nil
}
