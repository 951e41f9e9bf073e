package hubmain

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"

	"clinicbox/device/config"
	"clinicbox/device/task"
	"clinicbox/hub"
	"clinicbox/hub/db"
	"clinicbox/hub/pages"
	"clinicbox/internal/keyfile"
	"clinicbox/internal/redact"
)

// Exit codes of the program.
const (
	ExitOK      = 0
	ExitFailure = 1
	ExitUsage   = 2 // command line or configuration
	ExitDamage  = 3 // check found something
)

// Sentinels of Run.
var (
	ErrUsage  = errors.New("usage")
	ErrDamage = errors.New("records are damaged")
)

// Program is one invocation of clinichub.
type Program struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Started, when set, is called with the hub once serve serves.
	Started func(*Hub)

	command command
	path    string // configuration
	box     string
	all     bool
	args    []string
}

// command is a subcommand of the program.
type command struct {
	name   string
	run    func(p *Program, ctx context.Context) error
	config bool // needs -config
	least  int  // arguments
	most   int
	usage  string
	vi, en string
}

func commands() []command {
	return []command{
		{"serve", (*Program).serve, true, 0, 0, "", "chạy trung tâm cho đến khi có tín hiệu dừng", "run the centre until it is told to stop"},
		{"keys", (*Program).keys, true, 0, 0, "", "tạo khóa nếu chưa có, in dòng khóa công khai cho các hộp", "make the keys if missing, print the public line that boxes pin"},
		{"box", (*Program).boxes, true, 1, 3, "add NAME PUBLICLINE | list", "đăng ký hộp (chạy được khi trung tâm đang chạy) hoặc liệt kê", "register a box (also while the centre runs), or list them"},
		{"push", (*Program).push, true, 1, 1, "(-box NAME | -all) FILE|-", "gửi các dòng danh mục (JSON) xuống hộp", "send catalogue rows (JSON) down to boxes"},
		{"check", (*Program).check, true, 0, 0, "", "tính lại cây băm của mọi dòng bản ghi và so sánh", "recompute every stream's tree and compare"},
		{"config", (*Program).sample, false, 0, 0, "", "in tệp cấu hình mẫu", "print a sample configuration file"},
		{"version", (*Program).version, false, 0, 0, "", "in phiên bản", "print the version"},
		{"help", (*Program).help, false, 0, 0, "", "in trang này", "print this page"},
	}
}

// ParseFlags reads the command line, without the program's name.
func (p *Program) ParseFlags(args []string) error {
	if len(args) == 0 || slices.Contains([]string{"-h", "-help", "--help"}, args[0]) {
		args = []string{"help"}
	}
	all := commands()
	i := slices.IndexFunc(all, func(c command) bool { return c.name == args[0] })
	if i < 0 {
		return fmt.Errorf("%w: không có lệnh / no command %q; clinichub help", ErrUsage, args[0])
	}
	p.command = all[i]
	fs := flag.NewFlagSet(p.command.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard) // errors come back and are printed once
	if p.command.config {
		fs.StringVar(&p.path, "config", "", "")
	}
	if p.command.name == "push" {
		fs.StringVar(&p.box, "box", "", "")
		fs.BoolVar(&p.all, "all", false, "")
	}
	if err := fs.Parse(args[1:]); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrUsage, p.command.name, err)
	}
	p.args = fs.Args()
	n := len(p.args)
	if p.command.config && p.path == "" || n < p.command.least || n > p.command.most ||
		p.command.name == "push" && (p.box == "") != p.all {
		return fmt.Errorf("%w: clinichub %s -config FILE %s", ErrUsage, p.command.name, p.command.usage)
	}
	return nil
}

// Run carries the command out.
func (p *Program) Run(ctx context.Context) error { return p.command.run(p, ctx) }

// Report prints an error in words and returns the exit code.
func (p *Program) Report(err error) int {
	if err == nil {
		return ExitOK
	}
	fmt.Fprintln(p.Stderr, "clinichub:", Words(err))
	_, problems := errors.AsType[config.Problems](err)
	switch {
	case problems || errors.Is(err, ErrUsage):
		return ExitUsage
	case errors.Is(err, ErrDamage):
		return ExitDamage
	}
	return ExitFailure
}

// Words explains an error to an operator in both languages, where there is more to
// say than the error itself does.
func Words(err error) string {
	for _, w := range []struct {
		err    error
		vi, en string
	}{
		{ErrLocked, "Trung tâm đang chạy với thư mục dữ liệu này. Dừng nó trước.", "A centre is already running with this data directory. Stop it first."},
		{db.ErrNewer, "Cơ sở dữ liệu do phiên bản mới hơn ghi. Cài lại phiên bản mới.", "A newer program wrote this database. Install it again."},
		{hub.ErrUnknownBox, "Không có hộp tên như vậy. Xem: clinichub box list.", "No box of that name is registered. See: clinichub box list."},
		{hub.ErrBoxExists, "Hộp tên này đã đăng ký với khóa khác. Không có gì thay đổi. Đặt tên khác cho hộp mới.", "A box of that name is registered with other keys. Nothing has changed. Give the new box another name."},
		{hub.ErrBoxName, "Tên hộp gồm 1 đến 32 ký tự a-z, 0-9 và -.", "A box name is 1 to 32 of a-z, 0-9 and -."},
		{keyfile.ErrForm, "Dòng hoặc tệp khóa không đúng. Chép lại cả dòng mà 'clinicbox keys' in ra.", "That is no key line or key file. Copy the whole line that 'clinicbox keys' prints."},
		{keyfile.ErrPerms, "Tệp khóa cho người khác đọc: chmod 600.", "Others may read the key file: chmod 600."},
		{pages.ErrToken, "Mã vận hành quá ngắn. Xóa tệp để trung tâm tạo mã mới.", "The operator token is too short. Remove the file and the centre makes a new one."},
		{ErrDamage, "Bản ghi ở trung tâm bị hỏng; dòng có dấu ! nói chỗ nào. Đừng sửa tay. Dừng trung tâm, giữ lại bản sao của hub.db, rồi khôi phục bản sao lưu gần nhất còn sạch: các hộp sẽ tự gửi lại phần còn thiếu.", "Records at the centre are damaged; the lines with ! say where. Repair nothing by hand. Stop the centre, keep a copy of hub.db, and restore the latest backup that is clean: the boxes send again what it lacks."},
		{os.ErrPermission, "Không có quyền đọc hoặc ghi.", "Not allowed to read or write."},
		{os.ErrNotExist, "Không có tệp này.", "There is no such file."},
	} {
		if errors.Is(err, w.err) {
			return w.vi + "\n" + w.en + "\n(" + err.Error() + ")"
		}
	}
	return err.Error()
}

func (p *Program) help(context.Context) error {
	fmt.Fprintln(p.Stdout, "clinichub: trung tâm nhận bản ghi từ các hộp Clinicbox / the centre that Clinicbox boxes send to")
	fmt.Fprintln(p.Stdout)
	fmt.Fprintln(p.Stdout, "  clinichub LỆNH/COMMAND -config FILE …")
	for _, c := range commands() {
		fmt.Fprintf(p.Stdout, "\n  %s %s\n      %s\n      %s\n", c.name, c.usage, c.vi, c.en)
	}
	return nil
}

func (p *Program) sample(context.Context) error {
	_, err := io.WriteString(p.Stdout, sampleConfig)
	return err
}

func (p *Program) serve(ctx context.Context) error {
	cfg, err := Load(p.path)
	if err != nil {
		return err
	}
	log := slog.New(redact.NewHandler(p.Stderr, cfg.level()))
	h, err := Open(ctx, cfg, log, task.Signals(log))
	if err != nil {
		return err
	}
	if h.made {
		fmt.Fprintf(p.Stdout, "Mã vận hành mới, chỉ in lần này / new operator token, printed this once: %s\n", h.token)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-h.Ready():
			fmt.Fprintf(p.Stdout, "Trang vận hành / operator pages: http://%s/\n", h.WebAddr())
			if h.BrokerAddr() != "" {
				fmt.Fprintf(p.Stdout, "MQTT: %s\n", h.BrokerURL())
			}
			if p.Started != nil {
				p.Started(h)
			}
		case <-ctx.Done():
		}
	}()
	return errors.Join(h.Run(ctx), h.Close())
}
