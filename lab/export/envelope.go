package export

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// CutAt is where Azure's storage export cuts properties.log (Azure/AKS#4635).
const CutAt = 16 << 10

const operation = "Microsoft.ContainerService/managedClusters/diagnosticLogs/Read"

// record is one line of a PT1H.json.
type record struct {
	category   string
	resourceID string
	source     Source
	log        []byte // one line of the source, without its line end
	time       time.Time
}

// appendTo writes the record and a line end. The order of keys, the blanks and
// the escaped slashes follow records that AKS delivered in 2024.
func (r record) appendTo(b []byte, cutAt int) []byte {
	b = append(b, `{ "category": `...)
	b = appendString(b, r.category)
	b = append(b, `, "operationName": "`+operation+`", "properties": {"pod":`...)
	b = appendString(b, r.source.Pod)
	b = append(b, `,"containerID":`...)
	b = appendString(b, r.source.ContainerID)
	b = append(b, `,"log":`...)
	b = appendString(b, cut(string(r.log)+"\n", cutAt))
	b = append(b, `,"stream":`...)
	b = appendString(b, r.source.Stream)
	b = append(b, `}, "resourceId": `...)
	b = append(b, strconv.Quote(strings.ToUpper(r.resourceID))...)
	b = append(b, `, "serviceBuild": "na", "time": "`...)
	b = r.time.UTC().AppendFormat(b, "2006-01-02T15:04:05.000000000Z")
	return append(b, "\"}\n"...)
}

// cut keeps at most limit bytes, never half a character. The line end is part
// of what is counted, and lost with the rest.
func cut(log string, limit int) string {
	if limit <= 0 || len(log) <= limit {
		return log
	}
	for limit > 0 && !utf8.RuneStart(log[limit]) {
		limit--
	}
	return log[:limit]
}

const hex = "0123456789abcdef"

// appendString is a JSON string with Azure's escapes: slashes too, and every
// other character as it is. Bytes that are not UTF-8 become U+FFFD, as in any
// JSON writer.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, r)
			i += n
			continue
		}
		switch {
		case c == '"' || c == '\\' || c == '/':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\r':
			b = append(b, '\\', 'r')
		case c == '\t':
			b = append(b, '\\', 't')
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
		i++
	}
	return append(b, '"')
}

// blobPath is where Azure puts the records of one category and resource that
// arrive in one hour, relative to the account.
func blobPath(category, resourceID string, arrived time.Time) string {
	id := strings.ToUpper("/" + strings.Trim(resourceID, "/"))
	return "insights-logs-" + strings.ToLower(category) + "/resourceId=" + id +
		arrived.UTC().Format("/y=2006/m=01/d=02/h=15") + "/m=00/PT1H.json"
}
