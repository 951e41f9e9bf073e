package invent

import (
	"strconv"
	"strings"

	"clinicbox/clinic"
)

// names holds the parts of names by people and sex.
type names struct {
	peoples []people
}

// people is one of the ethnic groups (Decision 121-TCTK/PPCĐ) on the island.
type people struct {
	code    string
	percent int
	family  []string
	middle  [3][]string // by clinic.Sex; a dash is no middle name
	given   [3][]string
}

const (
	// Family names of the Kinh with how many of 100 bear them.
	kinhFamily = `Nguyễn 38, Trần 11, Lê 9, Phạm 7, Huỳnh 4, Hoàng 2, Phan 4, Võ 3, Vũ 2, Đặng 2, Bùi 2, Đỗ 2,
		Hồ 2, Ngô 1, Dương 1, Lý 1, Đinh 1, Trương 1, Đoàn 1, Lâm 1, Mai 1, Trịnh 1, Cao 1, Tạ 1, Châu 1`
	kinhMiddleM = `Văn, Văn, Văn, Hữu, Đức, Công, Quang, Minh, Thành, Xuân, Ngọc, Quốc, Đình, Thanh, Bá, Trọng, Gia, Anh, Hoài, Nhật`
	kinhMiddleF = `Thị, Thị, Thị, Thị Thu, Thị Ngọc, Thị Kim, Ngọc, Thu, Thanh, Kim, Hồng, Mỹ, Bích, Diệu, Phương, Thùy, Khánh, Bảo, Như, Tường`
	kinhGivenM  = `An, Ân, Anh, Bảo, Bình, Bửu, Cảnh, Chiến, Chương, Cường, Danh, Dũng, Duy, Dương, Đạt, Điền, Đông, Đức, Giang, Hải, Hào,
		Hậu, Hiếu, Hòa, Hoàng, Hùng, Huy, Hưng, Khải, Khang, Khánh, Khoa, Kiên, Lâm, Lộc, Long, Luân, Mạnh, Minh, Nam, Nghĩa, Nhân, Phong,
		Phú, Phúc, Quân, Quý, Sơn, Tài, Tâm, Tấn, Thắng, Thành, Thiện, Thọ, Thịnh, Tín, Toàn, Trí, Trung, Tú, Tuấn, Tùng, Tường, Việt, Vinh, Vũ`
	kinhGivenF = `An, Ánh, Bích, Châu, Chi, Cúc, Dung, Duyên, Đào, Giang, Hà, Hạnh, Hân, Hằng, Hiền, Hoa, Hồng, Huệ, Hương, Khanh, Lan, Lành,
		Liên, Linh, Loan, Ly, Mai, My, Mỹ, Nga, Ngân, Ngọc, Nguyệt, Nhi, Nhung, Nữ, Oanh, Phụng, Phương, Phượng, Quyên, Quỳnh, Sương, Tâm,
		Thanh, Thảo, Thơ, Thu, Thúy, Thủy, Tiên, Trâm, Trang, Trinh, Trúc, Tuyết, Uyên, Vân, Vy, Xuân, Yến, Ý`
)

func readNames() names {
	kinh := people{code: "01", percent: 86}
	kinh.middle[clinic.SexMale], kinh.middle[clinic.SexFemale] = words(kinhMiddleM), words(kinhMiddleF)
	kinh.given[clinic.SexMale], kinh.given[clinic.SexFemale] = words(kinhGivenM), words(kinhGivenF)
	for _, w := range words(kinhFamily) {
		name, n, _ := strings.Cut(w, " ")
		times, _ := strconv.Atoi(n)
		for range times {
			kinh.family = append(kinh.family, name)
		}
	}
	other := func(code string, percent int, family, middleM, middleF, givenM, givenF string) people {
		return people{
			code, percent, words(family),
			[3][]string{1: words(middleM), 2: words(middleF)},
			[3][]string{1: words(givenM), 2: words(givenF)},
		}
	}
	return names{peoples: []people{
		kinh,
		other("04", 3, "Lâm, Trương, Quách, Vương, Mã, Tăng", "Chí, Gia, Vĩnh, Quốc", "Mỹ, Tú, Bội, Tuyết", "Cường, Hào, Kiệt, Phát", "Linh, Trân, Nghi, Hoa"),
		other("17", 3, "Đàng, Thiên, Bá, Quảng, Báo, Lưu", "Năng, Văn, Quang", "Thị, Nữ Thị", "Lượng, Thạch, Tiếng, Nhuận", "Xuân, Thiếp, Mỹ, Hằng"),
		other("21", 3, "Cao, Mấu, Bo Bo, Tro, Pi Năng, Chamaléa", "Văn, -, Xuân", "Thị, -", "Hương, Tuấn, Lượng, Bình", "Thanh, Xiêng, Nhung, Hạnh"),
		other("05", 1, "Thạch, Sơn, Kim, Danh, Châu", "Sa, Văn, -", "Thị, Sa", "Rây, Thươl, Sóc, Phên", "Phây, Linh, Mươl, Rinh"),
		other("12", 1, "Niê, Niê Kđăm, Mlô, Êban, Kpă", "-", "-", "Y Bhăm, Y Wơn, Y Thuyên, Y Blô", "H’Linh, H’Bia, H’Yưn, H’Wen"),
		other("08", 1, "Giàng, Vàng, Sùng, Thào, Lý", "A", "Thị", "Páo, Sính, Tủa, Dơ", "Mỷ, Dợ, Pà, Chứ"),
		other("02", 2, "Nông, Bế, Lường, Hoàng, Vi", "Văn, Đức", "Thị", "Thuận, Khiêm, Thái, Lưu", "Thơm, Mến, Nhình, Lả"),
	}}
}

// name returns a name and the code of the person's people.
func (g *Gen) name(sex clinic.Sex) (name, ethnic string) {
	n := g.rnd.IntN(100)
	for _, p := range g.names.peoples {
		if n -= p.percent; n >= 0 {
			continue
		}
		parts := []string{g.pick(p.family), g.pick(p.middle[sex]), g.pick(p.given[sex])}
		switch {
		case p.code == "12": // the Ê-đê put the family name last
			parts = []string{parts[2], parts[0]}
		case parts[1] == "-":
			parts = []string{parts[0], parts[2]}
		}
		return strings.Join(parts, " "), p.code
	}
	panic("invent: the peoples are fewer than 100 of 100")
}
