package boxmain

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"

	"clinicbox/clinic"
	"clinicbox/device/config"
	"clinicbox/device/sealer"
	"clinicbox/device/task"
	"clinicbox/interop/archive"
	"clinicbox/peripherals/printer"
)

// Exit codes of the program.
const (
	ExitOK      = 0
	ExitFailure = 1
	ExitUsage   = 2 // command line or configuration
	ExitDamage  = 3 // check or verify found something
)

// ErrUsage wraps what is wrong with a command line.
var ErrUsage = errors.New("usage")

// ErrDamage is returned when records, or signatures, are not as they must be.
var ErrDamage = errors.New("records are damaged")

// Program is one invocation of clinicbox.
type Program struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer

	command command
	path    string // configuration
	role    string
	name    string
	hub     string
	request string
	answer  string
	fresh   string // which key is made anew
	from    string // folder of a copy
	damaged bool   // take what there is
	patient string
	reason  string
	key     string
	root    string
	centre  string // key of receipts
	paper   string
	record  string
	in      *bufio.Reader // of Stdin, when lines are asked for
	args    []string
	// Who opened the box: a person by number and PIN, or whoever has the recovery code.
	owner     clinic.ID
	own       sealer.Method // with it
	recovered bool

	box     *Box
	started task.Flag
}

// command is a subcommand of the program.
type command struct {
	name string
	run  func(p *Program, ctx context.Context) error
	// config tells that it needs -config.
	config bool
	vi, en string
}

func commands() []command {
	return []command{
		{"run", (*Program).runBox, true, "chạy hộp cho đến khi có tín hiệu dừng", "run the box until it is told to stop"},
		{"check", (*Program).check, true, "kiểm tra nhật ký, chỉ mục, chữ ký và sự khớp nhau", "verify journals, views, signatures and their agreement"},
		{"verify", (*Program).verify, true, "chứng minh nhật ký và chữ ký, một mục (REF: own:SỐ, mã băm, mã phiếu, nội dung QR) hoặc mọi mục của một người bệnh (-patient)", "prove the journal and its signatures, one entry (REF: own:NUMBER, leaf hash, slip's code, text of a QR), or all of one patient (-patient)"},
		{"mend", (*Program).mend, true, "đọc lại tất cả, sửa từ bản sao (-from THƯ MỤC) hoặc từ tệp trung tâm trả lại (-from TỆP)", "read everything again, mend it from a copy (-from FOLDER) or from what the centre hands back (-from FILE)"},
		{"restore", (*Program).restore, true, "khôi phục bản sao vào data.dir trống (-from THƯ MỤC, -damaged)", "put a copy into an empty data.dir (-from FOLDER, -damaged)"},
		{"enrol", (*Program).enrol, true, "gia nhập trung tâm bằng mã một lần (-hub URL | -request TỆP | -answer TỆP)", "join a centre with a one-time code (-hub URL | -request FILE | -answer FILE)"},
		{"courier", (*Program).courierCommand, true, "hộp đang dừng: ghi phần chưa gửi vào thẻ nhớ USB và nhận trả lời trên đó (-from THƯ MỤC); hộp đang chạy tự làm việc này", "a stopped box: write what is unsent to a USB stick and take in what it brings (-from FOLDER); a running box does this by itself"},
		{"keys", (*Program).keysCommand, true, "thay khóa dữ liệu (-new data), hoặc khóa lưu trữ và mã khôi phục (-new storage)", "make a new data key (-new data), or storage key and recovery code (-new storage)"},
		{"staff", (*Program).staff, true, "thêm nhân viên (-name, -role); mã PIN nhập từ bàn phím", "add a person (-name, -role); the PIN is read from the terminal"},
		{"export", (*Program).export, true, "xuất toàn bộ hồ sơ, của một người bệnh (-patient, -reason), hoặc một mục cùng bằng chứng (-record REF), ra TỆP.zip mở được không cần chương trình này", "export everything, one patient (-patient, -reason), or one entry with its proof (-record REF), to a FILE.zip that opens without this program"},
		{"import", (*Program).importer, true, "nhập TỆP.zip đã xuất vào hộp trống (-name, -key); mã PIN nhập từ bàn phím", "take an exported FILE.zip into an empty box (-name, -key); the PIN is read from the terminal"},
		{"verify export", (*Program).verifyExport, false, "kiểm tra TỆP.zip đã xuất ở bất cứ máy nào, bằng khóa công khai (-key) hoặc gốc của trung tâm (-root); -centre: khóa mà trung tâm phải đã đồng ký; -paper QR: giấy có đúng là của mục trong tệp", "verify an exported FILE.zip on any machine, by the public key (-key) or the centre's root (-root); -centre: the key by which the centre must have cosigned; -paper QR: whether a paper is of what is in it"},
		{"config", (*Program).sample, false, "in tệp cấu hình mẫu", "print a sample configuration file"},
		{"version", (*Program).version, false, "in phiên bản", "print the version"},
		{"help", (*Program).help, false, "in trang này", "print this page"},
		{probeCommand, (*Program).probe, false, "", ""},
	}
}

// ParseFlags reads the command line, without the program's name.
func (p *Program) ParseFlags(args []string) error {
	if len(args) == 0 {
		args = []string{"help"}
	}
	if slices.Contains([]string{"-h", "-help", "--help"}, args[0]) {
		args[0] = "help"
	}
	all := commands()
	if len(args) > 1 && slices.ContainsFunc(all, func(c command) bool { return c.name == args[0]+" "+args[1] }) {
		args = append([]string{args[0] + " " + args[1]}, args[2:]...)
	}
	i := slices.IndexFunc(all, func(c command) bool { return c.name == args[0] })
	if i < 0 {
		return fmt.Errorf("%w: không có lệnh / no command %q; clinicbox help", ErrUsage, args[0])
	}
	p.command = all[i]
	fs := flag.NewFlagSet(p.command.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard) // errors come back and are printed once
	if p.command.config {
		fs.StringVar(&p.path, "config", "", "")
	}
	p.flags(fs)
	if err := fs.Parse(args[1:]); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrUsage, p.command.name, err)
	}
	p.args = fs.Args()
	switch {
	case p.command.config && p.path == "":
		return fmt.Errorf("%w: clinicbox %s -config FILE", ErrUsage, p.command.name)
	case len(p.args) > 0 && !slices.Contains([]string{probeCommand, "export", "import", "verify", "verify export"}, p.command.name):
		return fmt.Errorf("%w: %s: thừa / unexpected %q", ErrUsage, p.command.name, p.args[0])
	}
	return nil
}

// flags are those of the command, besides -config.
func (p *Program) flags(fs *flag.FlagSet) {
	text := func(to *string, name string) { fs.StringVar(to, name, "", "") }
	switch p.command.name {
	case "enrol":
		text(&p.hub, "hub")
		text(&p.request, "request")
		text(&p.answer, "answer")
	case "keys":
		text(&p.fresh, "new")
	case "courier", "mend":
		text(&p.from, "from")
	case "restore":
		text(&p.from, "from")
		fs.BoolVar(&p.damaged, "damaged", false, "")
	case "staff":
		text(&p.name, "name")
		fs.StringVar(&p.role, "role", "administrator", "")
	case "export":
		text(&p.patient, "patient")
		text(&p.record, "record")
		text(&p.reason, "reason")
	case "verify":
		text(&p.patient, "patient")
	case "import":
		text(&p.name, "name")
		text(&p.key, "key")
	case "verify export":
		text(&p.key, "key")
		text(&p.root, "root")
		text(&p.centre, "centre")
		text(&p.paper, "paper")
	}
}

// Run carries the command out.
func (p *Program) Run(ctx context.Context) error { return p.command.run(p, ctx) }

// Ready is closed when run serves pages.
func (p *Program) Ready() <-chan struct{} { return p.started.Ready() }

// Box is the box of run, after Ready.
func (p *Program) Box() *Box { return p.box }

// Report prints an error in words and returns the exit code.
func (p *Program) Report(err error) int {
	if err == nil {
		return ExitOK
	}
	fmt.Fprintln(p.Stderr, "clinicbox:", Words(err))
	_, config := errors.AsType[config.Problems](err)
	switch {
	case config || errors.Is(err, ErrUsage):
		return ExitUsage
	case errors.Is(err, ErrDamage), errors.Is(err, archive.ErrTampered), errors.Is(err, archive.ErrForm), errors.Is(err, archive.ErrKey):
		return ExitDamage
	}
	return ExitFailure
}

// Load reads the configuration as the box does, with the printer's own judgement
// of its address.
func Load(path string) (config.Box, error) {
	return config.Load(path, config.Checks{"printer": func(_, v string) error {
		_, err := printer.Open(v)
		return err
	}})
}
