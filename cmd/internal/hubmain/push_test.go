package hubmain_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clinicbox/cmd/internal/hubmain"
	"clinicbox/hub/hubtest"
)

// TestPushOfFiles: the centre takes the files that a box takes, with the same checks,
// tells what they would change, and sends only what differs.
func TestPushOfFiles(t *testing.T) {
	dir := t.TempDir()
	h := start(t, conf(dir))
	for _, name := range []string{"tram-01", "tram-02"} {
		if err := h.AddBox(t.Context(), hubtest.NewBox(name, h.Public()).Keys.Public()); err != nil {
			t.Fatal(err)
		}
	}
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	has := func(out string, words ...string) {
		t.Helper()
		for _, w := range words {
			if !strings.Contains(out, w) {
				t.Errorf("no %q in %s", w, out)
			}
		}
	}
	prices := file("giá.csv", "Mã;Tên;Tên tiếng Anh;ĐVT;Đơn giá;Từ ngày\nKHAM;Khám bệnh;General consultation;lần;40.000;01/01/2030\nMOI;Dịch vụ mới;;lần;1000;01/01/2030\n")
	out := run(t, dir, "push", "-all", "-catalog", "service", "-dry", prices)
	has(out, "tram-02\tđổi/changed\tservice\tKHAM\tKhám bệnh\t01/01/2030–\tprice: 35000 → 40000", "tram-01\tthêm/added\tservice\tMOI", "tram-01: xem trước, chưa gửi gì / dry run, nothing was sent: 3 dòng/rows")
	for range 2 { // what is queued is compared with, too
		has(run(t, dir, "push", "-box", "tram-01", "-catalog", "service", prices), "tram-01: ")
	}
	has(run(t, dir, "push", "-all", "-catalog", "service", "-dry", prices), "tram-01: xem trước, chưa gửi gì / dry run, nothing was sent: 0 dòng/rows, 2 giữ nguyên", "tram-02: xem trước, chưa gửi gì / dry run, nothing was sent: 3 dòng/rows")

	bad := file("bad.csv", "code,name,price,from\nA,a,x,2030-01-01\nB,b,1,2030-01-01\nB,b,2,2030-01-01\n,c,1,\n")
	out, err := try(t, dir, "push", "-all", "-catalog", "service", bad)
	if !errors.Is(err, hubmain.ErrRows) {
		t.Errorf("errors of a file: %v", err)
	}
	has(out, "! 2\tgiá x không đọc được", "the price x cannot be read", "! 5\tthiếu mã.")
	if _, err := try(t, dir, "push", "-all", "-catalog", "service", file("twice.csv", "code,name,price,from\nB,b,1,2030-01-01\nB,b,2,2030-01-01\n")); !errors.Is(err, hubmain.ErrRows) {
		t.Errorf("a row twice: %v", err)
	}
	past := file("past.csv", "code,name,unit,price,from\nKHAM,Khám bệnh,lần,1,2026-01-01\n")
	if _, err := try(t, dir, "push", "-box", "tram-02", "-catalog", "service", past); !errors.Is(err, hubmain.ErrSure) {
		t.Errorf("the past changes without a word: %v", err)
	}
	has(run(t, dir, "push", "-box", "tram-02", "-catalog", "service", "-sure", past), "? 2\tđổi cả những ngày đã qua", "tram-02: 1 dòng")

	// The same file without a first day, as an XLSX, and as the whole catalogue.
	if _, err := try(t, dir, "push", "-all", "-catalog", "service", file("none.csv", "code,name,price\nA,a,1\n")); !errors.Is(err, hubmain.ErrRows) {
		t.Errorf("rows without a first day: %v", err)
	}
	has(run(t, dir, "push", "-box", "tram-02", "-catalog", "service", "-dry", "../../../interop/catalog/testdata/services.xlsx"), "đổi/changed\tservice\tKHAM", "thêm/added\tservice\tXNGLU")
	has(run(t, dir, "push", "-box", "tram-02", "-catalog", "occupation", "-from", "2030-01-01", "-whole", "-dry", file("o.csv", "code,name\nNONG,Nông dân\n")), "đổi/changed\toccupation\tNONG", "kết thúc/ended\toccupation\tGIAOVIEN")
	for _, args := range [][]string{{"-whole"}, {"-from", "x"}, {"-whole", "-from", "2030-01-01"}} {
		if _, err := try(t, dir, append([]string{"push", "-all", prices}, args...)...); err == nil {
			t.Errorf("%v is taken", args)
		}
	}
}
