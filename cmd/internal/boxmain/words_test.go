package boxmain

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"clinicbox/store"
	"clinicbox/store/medium"
)

// TestWordsSayWhatToDo: what a command can meet is said in Vietnamese first, with the
// error behind it, and the nearer meaning wins.
func TestWordsSayWhatToDo(t *testing.T) {
	for _, tt := range []struct {
		err    error
		vi, en string
	}{
		{fmt.Errorf("%w: %w: own/00000000.seg", medium.ErrNewDisk, medium.ErrDamaged), "thay thẻ nhớ", "The copy is whole; change the card"},
		{fmt.Errorf("medium: restore state.db: %w", errors.Join(medium.ErrFull, syscall.ENOSPC)), "Bản sao còn nguyên", "make room"},
		{fmt.Errorf("%w: stat /media/usb", medium.ErrAbsent), "USB chưa cắm", "not mounted"},
		{fmt.Errorf("%w: %w: 2: own 4, own 9", errBroken, ErrDamage), "không tính là đã ký", "count as unsigned"},
		{fmt.Errorf("%w: 3", ErrDamage), "Không xóa gì", "clinicbox mend"},
		{&fs.PathError{Op: "open", Path: "a.zip.tmp", Err: syscall.EEXIST}, "không ghi đè", "it may go"},
		{&fs.PathError{Op: "stat", Path: "/data", Err: syscall.ENOENT}, "Không thấy tệp", "whether card or stick is mounted"},
		{fmt.Errorf("store: %w", errors.Join(store.ErrReadOnly, syscall.EROFS)), "không mất gì", "change the card"},
	} {
		lines := strings.SplitN(Words(tt.err), "\n", 3)
		if len(lines) != 3 || !strings.Contains(lines[0], tt.vi) || !strings.Contains(lines[1], tt.en) || lines[2] != "("+tt.err.Error()+")" {
			t.Errorf("%v is told as %q", tt.err, lines)
		}
	}
}
