package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed assets/clinicbox.css assets/print.css assets/app.js assets/favicon.png
var assetFiles embed.FS

// asset is one static file, ready to be sent.
type asset struct {
	kind   string // media type
	raw    []byte
	packed []byte // gzip; nil when it is no smaller
}

// assets holds the static files by their addresses, which carry a hash of the
// content: a browser may keep them for ever.
type assets struct {
	byPath map[string]asset
	path   map[string]string // plain name → address
}

func loadAssets() (*assets, error) {
	entries, err := assetFiles.ReadDir("assets")
	if err != nil {
		return nil, fmt.Errorf("web: assets: %w", err)
	}
	a := &assets{byPath: map[string]asset{}, path: map[string]string{}}
	for _, e := range entries {
		raw, err := assetFiles.ReadFile("assets/" + e.Name())
		if err != nil {
			return nil, fmt.Errorf("web: assets: %w", err)
		}
		sum := sha256.Sum256(raw)
		ext := path.Ext(e.Name())
		p := "/assets/" + strings.TrimSuffix(e.Name(), ext) + "." + hex.EncodeToString(sum[:6]) + ext
		a.path[e.Name()] = p
		a.byPath[p] = asset{kind: mime.TypeByExtension(ext), raw: raw, packed: pack(raw)}
	}
	return a, nil
}

func pack(raw []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is a constant
	w.Write(raw)                                          // a Buffer does not fail
	w.Close()
	if b.Len() >= len(raw) {
		return nil
	}
	return b.Bytes()
}

// serve answers a request below /assets/; false means that there is no such file.
func (a *assets) serve(w http.ResponseWriter, r *http.Request) bool {
	f, ok := a.byPath[r.URL.Path]
	if !ok {
		return false
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	body := f.raw
	if f.packed != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = f.packed
	}
	h.Set("Content-Length", fmt.Sprint(len(body)))
	w.Write(body)
	return true
}
