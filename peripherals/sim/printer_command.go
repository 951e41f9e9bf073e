package sim

import "fmt"

// printerWorks is what the commands of a printer act on.
type printerWorks interface {
	initialise()
	raster(stride int, rows []byte)
	feed(rows int)
	cut()
	answerPaper()
	violation(text string)
	unknown(b byte)
}

// interpreter reads ESC/POS byte by byte. The zero value with works set is ready.
type interpreter struct {
	works printerWorks
	cmd   []byte // of the command under way
	began bool   // ESC @ came since the interpreter was made
}

// The largest picture in one command that a desk printer takes ("GS v 0").
const (
	maxStride   = 128
	maxBandRows = 2303
	lineRows    = 30 // of a text line
)

// feed takes one byte and does what is complete.
func (i *interpreter) feed(b byte) {
	i.cmd = append(i.cmd, b)
	n, ok := commandLength(i.cmd)
	switch {
	case !ok:
		for _, b := range i.cmd {
			i.works.unknown(b)
		}
		i.cmd = i.cmd[:0]
	case n == len(i.cmd):
		cmd := i.cmd
		i.cmd = nil
		i.do(cmd)
	}
}

// do carries out a whole command.
func (i *interpreter) do(cmd []byte) {
	switch {
	case cmd[0] == '\n':
		i.works.feed(lineRows)
	case cmd[0] == 0x1b && cmd[1] == '@':
		i.began = true
		i.works.initialise()
	case cmd[0] == 0x1b && cmd[1] == 'd':
		i.works.feed(int(cmd[2]) * lineRows)
	case cmd[0] == 0x1b && cmd[1] == 'J':
		i.works.feed(int(cmd[2]))
	case cmd[0] == 0x1d && cmd[1] == 'v':
		i.picture(cmd)
	case cmd[0] == 0x1d && cmd[1] == 'V':
		i.works.cut()
	case cmd[0] == 0x1d && cmd[1] == 'r' && (cmd[2] == 1 || cmd[2] == '1'):
		i.works.answerPaper()
	}
}

func (i *interpreter) picture(cmd []byte) {
	if !i.began {
		i.works.violation("picture before ESC @")
	}
	if m := cmd[3]; m > 3 && (m < '0' || m > '3') {
		i.works.violation(fmt.Sprintf("GS v 0 with mode %d", m))
	}
	data := cmd[8:]
	for n := 0; n+2 < len(data); n++ {
		if d := data[n : n+3]; d[0] == 0x10 && d[1] == 0x04 && d[2] >= 1 && d[2] <= 4 {
			i.works.violation("DLE EOT inside a picture")
		}
	}
	i.works.raster(int(cmd[4])|int(cmd[5])<<8, data)
}

// commandLength is the length of the command that begins with cmd: 0 while it
// cannot be told yet. ok is false when there is no such command.
func commandLength(cmd []byte) (n int, ok bool) {
	second := byte(0)
	if len(cmd) > 1 {
		second = cmd[1]
	}
	switch cmd[0] {
	case '\n', '\r':
		return 1, true
	case 0x10, 0x1b, 0x1d:
		if len(cmd) == 1 {
			return 0, true
		}
	}
	switch cmd[0] {
	case 0x10:
		return dleLength(cmd, second)
	case 0x1b:
		switch second {
		case '@', '2':
			return 2, true
		case 'd', 'J', 'a', 't', 'R', 'E', '!', '3', 'M':
			return 3, true
		case 'p':
			return 5, true
		}
	case 0x1d:
		return gsLength(cmd, second)
	}
	return 0, false
}

func dleLength(cmd []byte, second byte) (int, bool) {
	switch second {
	case 0x04, 0x05:
		return 3, true
	case 0x14:
		if len(cmd) < 3 {
			return 0, true
		}
		switch cmd[2] {
		case 1, 2:
			return 5, true
		case 8:
			return 10, true
		}
	}
	return 0, false
}

func gsLength(cmd []byte, second byte) (int, bool) {
	switch second {
	case 'r', 'a', '!', 'B':
		return 3, true
	case 'V':
		if len(cmd) < 3 {
			return 0, true
		}
		if m := cmd[2]; m == 'A' || m == 'B' {
			return 4, true
		}
		return 3, true
	case 'v':
		return rasterLength(cmd)
	case '(':
		if len(cmd) < 5 {
			return 0, len(cmd) < 3 || cmd[2] == 'k'
		}
		return 5 + (int(cmd[3]) | int(cmd[4])<<8), true
	}
	return 0, false
}

func rasterLength(cmd []byte) (int, bool) {
	if len(cmd) < 8 {
		return 0, len(cmd) < 3 || cmd[2] == '0'
	}
	stride, rows := int(cmd[4])|int(cmd[5])<<8, int(cmd[6])|int(cmd[7])<<8
	return 8 + stride*rows, stride > 0 && stride <= maxStride && rows > 0 && rows <= maxBandRows
}
