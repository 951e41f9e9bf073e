package catalog

import (
	"slices"
	"strings"

	"clinicbox/clinic"
	"clinicbox/interop/sheet"
)

// columnCatalog is the column that names a row's catalogue, where a file holds several.
const columnCatalog = "catalog"

// headings are the names that files give to columns, folded, letters and digits only: in
// English as the box writes them, in Vietnamese as people do, and as the tables of
// Decision 4750/QĐ-BYT and the portal's forms 01–06/DM have them.
func headings(column string) string {
	switch column {
	case columnCatalog:
		return "catalog danhmuc"
	case "code":
		return "code ma mathuoc madichvu madvkt mabenh maicd maicd10 maxetnghiem machiso makhoa macskcb macosokcb maxa maphuongxa matinh madantoc manghenghiep matuongduong"
	case "name":
		return "name ten tenthuoc tendichvu tendvkt tenbenh tenxetnghiem tenchiso tenkhoa tencskcb tencosokcb tenxa tentinh tendantoc tennghenghiep tendonvi fullname"
	case "english":
		return "english tentienganh inn hoatchat tenhoatchat nameen"
	case "strength":
		return "strength hamluong nongdohamluong nongdo"
	case "form":
		return "form dangbaoche"
	case "unit":
		return "unit donvitinh dvt donvi donvido"
	case "route":
		return "route duongdung"
	case "atc":
		return "atc maatc"
	case "price":
		return "price gia dongia giabhyt dongiabh giathanhtoan"
	case "years":
		return "years sonam sonamluu"
	case "applies":
		return "applies apdung apdungcho"
	case "parent":
		return "parent macha macaptren thuoc tructhuoc provincecode matinhquanly"
	case "flags":
		return "flags co danhdau ghichuma"
	case "registration":
		return "registration sodangky sdk sogplh"
	case "tender":
		return "tender ttthau thongtinthau"
	case "group":
		return "group manhom nhom"
	case "insured":
		return "insured tylettbh tylethanhtoan"
	case "ranges":
		return "ranges khoangthamchieu giatrithamchieu trisothamchieu"
	case "value":
		return "value dangketqua"
	case "substances":
		return "substances cachoatchat thanhphan"
	case "rule":
		return "rule quytac"
	case "pack":
		return "pack quycach donggoi soluongtrenhop"
	case "gtin":
		return "gtin mavach barcode"
	case "minimum":
		return "minimum tontoithieu mucton songay"
	case "limits":
		return "limits muctieu"
	case "timing":
		return "timing lich lichtiem tuoitiem"
	case "dosage":
		return "dosage lieudung lieu"
	case "validfor":
		return "validfor songayconhieuluc songaycongiatri hieulucketqua"
	case "possible":
		return "possible gioihando gioihan"
	case "units":
		return "units donvikhac quydoidonvi"
	case "from":
		return "from tungay hieuluctu ngayhieuluc ngayapdung"
	case "to":
		return "to denngay hieulucden ngayhethieuluc"
	case "version":
		return "version phienban"
	case "source":
		return "source nguon cancu"
	}
	return ""
}

// heading returns the column that a file's name of one means, or "".
func heading(s string, columns []string) string {
	key := sheet.Key(s)
	if key == "" {
		return ""
	}
	for _, c := range columns {
		if slices.Contains(strings.Fields(headings(c)), key) {
			return c
		}
	}
	return ""
}

// findHead returns the column of each cell, and the row of names: the first that has a
// code and a name. at is -1 when there is none.
func findHead(rows []sheet.Row) (head []string, at int) {
	columns := append(columnNames(), columnCatalog)
	for at := range rows[:min(len(rows), sheet.HeadRows)] {
		head = make([]string, len(rows[at].Cells))
		found := 0
		for i, cell := range rows[at].Cells {
			head[i] = heading(cell, columns)
			if head[i] == "code" || head[i] == "name" {
				found++
			}
		}
		if found >= 2 {
			return head, at
		}
	}
	return nil, -1
}

func columnNames() (names []string) {
	for _, c := range clinic.CatalogColumns() {
		names = append(names, c.Name)
	}
	return names
}
