package hubmain

import "context"

// command is a subcommand of the program.
type command struct {
	name   string
	run    func(p *Program, ctx context.Context) error
	config bool // needs -config
	least  int  // arguments
	most   int
	usage  string
	vi, en string
	flags  []string
}

// acts are the flags of what stands in the signed history.
func acts(more ...string) []string { return append([]string{"operator", "note"}, more...) }

func commands() []command {
	return []command{
		{"serve", (*Program).serve, true, 0, 0, "", "chạy trung tâm cho đến khi có tín hiệu dừng", "run the centre until it is told to stop", nil},
		{"keys", (*Program).keys, true, 0, 0, "", "tạo khóa nếu chưa có, in dòng khóa công khai", "make the keys if missing, print the public line", nil},
		{
			"root", (*Program).root, false, 2, 3, "new DIR -name TÊN/NAME | grant DIR REQUEST -out GRANT [-seq N] [-withdraw KEY,…]",
			"máy không nối mạng: tạo khóa gốc, hoặc cấp quyền cho trung tâm; hỏi mật khẩu", "on a machine without a network: make the root, or grant a centre its request; asks for the passphrase",
			[]string{"name", "out", "seq", "withdraw"},
		},
		{
			"authority", (*Program).authority, true, 1, 40, "request -name TÊN/NAME -out FILE | install GRANT | broker DIR HOST… | reissue -operator TÊN/NAME",
			"khóa của trung tâm: xin cấp quyền, nhận quyền, chứng thư cho máy chủ MQTT khác, ký lại sau khi thu hồi khóa", "the centre's keys: ask for a grant, install it, certificates for another broker, sign anew after a withdrawal",
			acts("name", "out"),
		},
		{
			"invite", (*Program).invite, true, 0, 0, "-operator TÊN/NAME -facility CODE -station TÊN/NAME -box HỘP/BOX [-book a] [-site …] [-address …] [-phone …] [-governing …] [-host NAME,IP…] [-replaces HỘP/BOX] [-life 720h]",
			"tạo mã một lần cho một hộp mới; chỉ in lần này", "make a one-time code for a new box; printed this once",
			acts("facility", "station", "box", "book", "site", "address", "phone", "governing", "host", "replaces", "life"),
		},
		{
			"enrol", (*Program).enrol, true, 1, 1, "-operator TÊN/NAME FILE|- [-out FILE] [-form text|qr|bytes]",
			"trả lời yêu cầu mang tay (tệp, dòng chữ hoặc dòng QR)", "answer a request that was carried here (file, lines of text or of QR codes)",
			acts("out", "form"),
		},
		{"box", (*Program).boxes, true, 1, 2, "list | show HỘP/BOX|SERIAL", "liệt kê các hộp, hoặc xem một hộp", "list the boxes, or show one", nil},
		{
			"revoke", (*Program).revoke, true, 1, 1, "-operator TÊN/NAME SERIAL -reason left|lost|stolen|replaced|error [-since YYYY-MM-DD]",
			"thu hồi chứng thư của một người hoặc một hộp", "end the certificate of a person or a box",
			acts("reason", "since"),
		},
		{"stolen", (*Program).stolen, true, 1, 1, "-operator TÊN/NAME HỘP/BOX|SERIAL", "hộp bị mất cắp: thu hồi và ra lệnh tự xóa", "a box was stolen: revoke it and order it to erase itself", acts()},
		{"order", (*Program).order, true, 2, 2, "-operator TÊN/NAME HỘP/BOX|SERIAL lock|block|allow|erase", "ra lệnh cho hộp: khóa, cấm mở, cho mở, xóa", "order a box to lock, to refuse unlocking, to allow it, to erase itself", acts()},
		{"people", (*Program).people, true, 0, 0, "[-facility CODE]", "chứng thư của nhân viên, và khóa đang chờ quyết định", "certificates of people, and keys that wait for a decision", []string{"facility"}},
		{"certify", (*Program).certify, true, 1, 1, "-operator TÊN/NAME SERIAL|DIGEST", "cấp chứng thư cho khóa đang chờ", "certify a key that waits", acts()},
		{"ratify", (*Program).ratify, true, 1, 1, "-operator TÊN/NAME SERIAL|DIGEST", "xác nhận chứng thư tạm", "make a provisional certificate good", acts()},
		{"reject", (*Program).reject, true, 1, 1, "-operator TÊN/NAME SERIAL|DIGEST", "từ chối khóa đang chờ", "turn down a key that waits", acts()},
		{"history", (*Program).history, true, 0, 0, "[-verify]", "nhật ký có chữ ký của người vận hành", "the signed history of operators", []string{"verify"}},
		{"answer", (*Program).answer, true, 1, 1, "-operator TÊN/NAME HỘP/BOX", "trả lời qua điện thoại: nhập mã thử, in câu trả lời", "answer by telephone: read the challenge, print the answer", acts()},
		{"crl", (*Program).crl, true, 1, 1, "FILE", "ghi danh sách thu hồi cho máy chủ MQTT khác", "write the revocation list for another broker", nil},
		{"operator", (*Program).operators, true, 1, 2, "add TÊN/NAME | list | end TÊN/NAME", "ai được vào trang vận hành; add in mã một lần", "who may use the operator's pages; add prints the token once", nil},
		{"entries", (*Program).entries, true, 1, 1, "-operator TÊN/NAME HỘP/BOX -out FILE", "ghi mọi mục đã nhận của một hộp ra tệp chỉ hộp đó mở được, để sửa thẻ nhớ hỏng", "write all entries received from a box to a file that only the box opens, to mend its card", acts("out")},
		{"push", (*Program).push, true, 1, 1, "(-box NAME | -all) [-catalog NAME] [-from DAY] [-whole] [-dry] [-sure] FILE|-", "gửi các dòng danh mục (CSV, JSON, XLSX) xuống hộp; -dry chỉ xem trước", "send catalogue rows (CSV, JSON, XLSX) down to boxes; -dry only shows what it would change", []string{"box", "all", "catalog", "from", "whole", "dry", "sure"}},
		{
			"courier", (*Program).courier, true, 2, 2, "import|export DIR [-box HỘP/BOX | -facility CODE | -all]",
			"thẻ nhớ USB: nhận bản ghi của các hộp và ghi biên nhận (import), hoặc chuẩn bị thẻ cho các hộp (export)", "USB stick: take in records of boxes and write receipts (import), or prepare one for boxes (export)",
			[]string{"box", "facility", "all"},
		},
		{"check", (*Program).check, true, 0, 0, "", "tính lại cây băm của mọi dòng bản ghi và so sánh", "recompute every stream's tree and compare", nil},
		{"verify", (*Program).verify, true, 1, 1, "QR", "chứng minh một tờ giấy bằng những gì trung tâm giữ (nội dung mã QR)", "prove a paper by what the centre holds (the text in its QR)", nil},
		{"config", (*Program).sample, false, 0, 0, "", "in tệp cấu hình mẫu", "print a sample configuration file", nil},
		{"version", (*Program).version, false, 0, 0, "", "in phiên bản", "print the version", nil},
		{"help", (*Program).help, false, 0, 0, "", "in trang này", "print this page", nil},
	}
}
