"""What the HTTP edge is sent, byte by byte, and what it may answer (API.md section 2, DESIGN.md section 11, RFC 9110, RFC 9112).

An outcome is the answers in their order and what becomes of the connection: `200 400/malformed-request closes`; several that are
allowed stand between bars. OWN names a stream that a request of the case plainly deposits to, HIDDEN one that only a reader who
is led astray deposits to: never to happen, whoever stands in front of the server.
"""

import dataclasses

OWN, HIDDEN = b"marker-own-000000", b"marker-hid-000000"  # replaced by names of the run, as long as these
PATH = b"/problems/refused"
BODY = b'{"amount":1}'
LINE, FIELDS, COUNT, BYTES = 8 * 1024, 16 * 1024, 64, 1024 * 1024


@dataclasses.dataclass
class Case:
    name: str
    pieces: tuple  # sent one after the other, with a breath between them
    outcome: str
    own: int = 0  # how often OWN is deposited to
    to: tuple = ()  # the methods of the requests where one is not GET or POST: an answer to HEAD has no body
    half_close: bool = False
    # HIDDEN stands behind the request: who lets the first one pass, mended, may take it for the next one that the client sent.
    # We refuse the first and close.
    behind: bool = False


CASES = []


def case(name, data, outcome, **more):
    pieces = tuple(data) if isinstance(data, (list, tuple)) else (data,)
    CASES.append(Case(name, pieces, outcome, **more))


def request(line, *fields, body=b"", host=b"Host: a"):
    return b"\r\n".join((line, *((host,) if host else ()), *fields)) + b"\r\n\r\n" + body


def get(*fields, path=PATH, version=b"1.1", **more):
    return request(b"GET " + path + b" HTTP/" + version, *fields, **more)


def deposit(*fields, to=OWN, body=BODY, version=b"1.1", kind=b"Content-Type: application/json", **more):
    line = b"POST /v1/commands/bank/account/" + to + b"/Deposit HTTP/" + version
    return request(line, *((kind,) if kind else ()), *fields, body=body, **more)


def length(of):
    return b"Content-Length: %d" % len(of)


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


CHUNKED = b"Transfer-Encoding: chunked"
LAST = b"0\r\n\r\n"
WHOLE = chunk(BODY) + LAST
SMUGGLED = deposit(length(BODY), to=HIDDEN)
REFUSED = "400/malformed-request closes"

# ---- request lines
case("a plain request", get(), "200 stays")
for count in (1, 2):
    case(f"{count} empty lines before a request are passed over", b"\r\n" * count + get(), "200 stays")
for name, start in (("a bare LF", b"\n"), ("a bare CR", b"\r"), ("a space", b" "), ("a tab", b"\t"), ("a NUL", b"\0"), ("a BOM", b"\xef\xbb\xbf")):
    case(f"{name} before a request", start + get(), REFUSED)
case("lines end with LF alone", get().replace(b"\r\n", b"\n"), REFUSED)
case("the request line ends with LF alone", get().replace(b"\r\n", b"\n", 1), REFUSED)
case("a field ends with LF alone", b"GET /problems/refused HTTP/1.1\r\nHost: a\n\r\n", REFUSED)
case("a field ends with CR alone", b"GET /problems/refused HTTP/1.1\r\nHost: a\rX: y\r\n\r\n", REFUSED)
case("the line ends with CR CR LF", b"GET /problems/refused HTTP/1.1\r\r\nHost: a\r\n\r\n", REFUSED)
for name, line in (("two spaces after the method", b"GET  /problems/refused HTTP/1.1"), ("two spaces before the version", b"GET /problems/refused  HTTP/1.1"),
                   ("a tab after the method", b"GET\t/problems/refused HTTP/1.1"), ("a space at the end", b"GET /problems/refused HTTP/1.1 "),
                   ("no version", b"GET /problems/refused"), ("a method alone", b"GET"), ("no target", b"GET HTTP/1.1"),
                   ("a space within the target", b"GET /problems /refused HTTP/1.1"), ("a method that is no token", b"G(T /problems/refused HTTP/1.1"),
                   ("the version in small letters", b"GET /problems/refused http/1.1"), ("a version with a comma", b"GET /problems/refused HTTP/1,1"),
                   ("a version with two digits", b"GET /problems/refused HTTP/1.10"), ("a version that begins with 0", b"GET /problems/refused HTTP/01.1"),
                   ("half a version", b"GET /problems/refused HTTP/1."), ("a NUL in the target", b"GET /problems/ref\0used HTTP/1.1"),
                   ("a byte beyond ASCII in the target", b"GET /problems/ref\x80used HTTP/1.1"), ("a DEL in the target", b"GET /problems/refused\x7f HTTP/1.1"),
                   ("a fragment", b"GET /problems/refused#a HTTP/1.1"), ("TLS on the plain port", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
                   ("a target without a slash", b"GET problems/refused HTTP/1.1"), ("a target of another scheme", b"GET ftp://a/problems/refused HTTP/1.1"),
                   ("an absolute target without a host", b"GET http:///problems/refused HTTP/1.1"), ("GET *", b"GET * HTTP/1.1")):
    case(f"request line: {name}", request(line), REFUSED)
case("an unknown method", request(b"FOO /problems/refused HTTP/1.1"), "501/not-implemented closes")
case("a method in small letters", request(b"get /problems/refused HTTP/1.1"), "501/not-implemented closes")
case("a method longer than the line may be", request(b"G" * 9000 + b" / HTTP/1.1"), "414/uri-too-long closes")

# ---- targets
for name, path in (("absolute", b"http://a/problems/refused"), ("absolute, in capitals", b"HTTP://A/problems/refused"), ("absolute, https", b"https://a/problems/refused"),
                   ("absolute, of another host than Host", b"http://b:99/problems/refused"), ("an escaped letter", b"/problems/%72efused"),
                   ("an escaped letter in a fixed part", b"/%70roblems/refused"), ("an empty query", PATH + b"?")):
    case(f"target: {name}", get(path=path), "200 stays")
for name, path in (("absolute without a path", b"http://a"), ("an empty segment", b"/problems//refused"), ("a slash at the end", b"/problems/refused/"),
                   ("two slashes first", b"//problems/refused"), ("an escaped slash", b"/problems%2Frefused"), ("a way up", b"/v1/../problems/nothing"),
                   ("an escaped way up", b"/v1/%2e%2e/nothing"), ("an escaped NUL", b"/problems/refused%00"), ("a matrix parameter", b"/problems/refused;a=b")):
    case(f"target: {name}", get(path=path), "404/unknown-route stays")
for name, path in (("half an escape", b"/problems/refused%"), ("an escape that is none", b"/problems/%zz")):
    case(f"target: {name}", get(path=path), REFUSED)
case("an unknown query parameter", get(path=PATH + b"?a=1"), "400/invalid-parameter stays")
case("a header line in an escaped id", get(path=b"/v1/streams/bank/account/a%0d%0aX-Injected:%201"), "400/invalid-id stays")

# ---- versions and the connection
case("HTTP/1.0 without Host", get(version=b"1.0", host=None), "200 closes")
case("HTTP/1.0 that keeps the connection", get(b"Connection: keep-alive", version=b"1.0"), "200 stays")
case("HTTP/1.2 is taken as 1.1", get(version=b"1.2"), "200 stays")
for version in (b"2.0", b"3.0", b"0.9", b"9.9"):
    case(f"HTTP/{version.decode()}", get(version=version), "505/version-not-supported closes")
case("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505/version-not-supported closes")
for name, value, end in (("close", b"close", "closes"), ("CLOSE among others", b"x, CLOSE", "closes"), ("keep-alive", b"keep-alive", "stays"),
                         ("something else", b"x", "stays"), ("Host as hop by hop", b"Host", "stays")):
    case(f"Connection: {name}", get(b"Connection: " + value), f"200 {end}")
case("an upgrade to HTTP/2 is not taken", get(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA"), "200 stays")
case("an upgrade to WebSocket is not taken", get(b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13"), "200 stays")

# ---- Host
for name, host in (("none", None), ("two", b"Host: a\r\nHost: a"), ("two that differ", b"Host: a\r\nHost: b"), ("with a user", b"Host: me@a"),
                   ("with a path", b"Host: a/b"), ("with a space", b"Host: a b"), ("with a byte beyond ASCII", b"Host: \xc3\xa4"), ("with a space before the colon", b"Host : a"),
                   ("folded", b"Host:\r\n a"), ("first and folded", b" Host: a")):
    case(f"Host: {name}", get(host=host), REFUSED)
for name, host in (("empty", b"Host:"), ("with a port", b"Host: a:8080"), ("an IPv6 address", b"Host: [::1]:8080"), ("in small letters", b"host: a"),
                   ("behind a tab", b"Host:\ta"), ("without a space", b"Host:a")):
    case(f"Host: {name}", get(host=host), "200 stays")

# ---- fields
for name, field in (("folded by a space", b"X: 1\r\n 2"), ("folded by a tab", b"X: 1\r\n\t2"), ("without a colon", b"nonsense"), ("without a name", b": 1"),
                    ("a space before the colon", b"X : 1"), ("a tab before the colon", b"X\t: 1"), ("a name that is no token", b"X(Y): 1"),
                    ("a name beyond ASCII", b"X\xc3\xa4: 1"), ("a NUL in the value", b"X: a\0b"), ("a CR in the value", b"X: a\rb"), ("a VT in the value", b"X: a\x0bb"),
                    ("a DEL in the value", b"X: a\x7fb"), ("an ESC in the value", b"X: \x1b[2J"), ("a NUL in the name", b"X\0: 1")):
    case(f"field: {name}", get(field), REFUSED)
for name, field in (("an empty value", b"X:"), ("a value of bytes beyond ASCII", b"X: \xff\xfe"), ("a colon in the value", b"X: a:b"), ("a tab in the value", b"X: a\tb"),
                    ("a name of odd tokens", b"!#$%&'*+-.^_`|~: 1"), ("an underscore in the name", b"X_Y: 1"), ("gzip is taken", b"Accept-Encoding: gzip")):
    case(f"field: {name}", get(field), "200 stays")

# ---- Content-Length
case("Content-Length: right", deposit(length(BODY)), "200 stays", own=1)
case("Content-Length: with zeros in front", deposit(b"Content-Length: 000012"), "200 stays", own=1)
case("Content-Length: with blanks around", deposit(b"Content-Length: \t12 \t"), "200 stays", own=1)
for name, value in (("a plus", b"+12"), ("a minus", b"-12"), ("hexadecimal", b"0x0c"), ("an exponent", b"12e0"), ("an underscore", b"1_2"), ("a fraction", b"12.0"),
                    ("a list", b"12, 12"), ("a list that differs", b"12, 13"), ("nothing", b""), ("two numbers", b"1 2"), ("letters behind", b"12a"),
                    ("a parameter", b"12;a"), ("a quoted number", b'"12"'), ("a NUL behind", b"12\0"), ("digits beyond ASCII", b"\xef\xbc\x91\xef\xbc\x92")):
    case(f"Content-Length: {name}", deposit(b"Content-Length: " + value, body=BODY + SMUGGLED), REFUSED, behind=True)
case("Content-Length twice", deposit(length(BODY), length(BODY)), REFUSED, own=0)
case("Content-Length twice, not the same", deposit(length(BODY), b"Content-Length: 0", body=BODY + SMUGGLED), REFUSED, behind=True)
case("Content-Length with a space before the colon", deposit(b"Content-Length : 12"), REFUSED)
case("Content-Length beyond 64 bits", deposit(b"Content-Length: 99999999999999999999999"), "413/body-too-large closes")
case("Content-Length: 2^64 + 12", deposit(b"Content-Length: 18446744073709551628"), "413/body-too-large closes")
case("Content-Length: 0 where a body must be", deposit(b"Content-Length: 0", body=b""), "400/malformed-json stays")
case("a body that is not framed", deposit(body=BODY + b"\r\n\r\n"), "400/malformed-json 400/malformed-request closes")
case("a length that is too short", deposit(b"Content-Length: 11", body=BODY + b"\r\n\r\n"), "400/malformed-json 400/malformed-request closes")
case("a body that ends too early", deposit(b"Content-Length: 13"), "closes", half_close=True)
case("a request and then half-closed", deposit(length(BODY)), "200 closes", own=1, half_close=True)
case("half a head and then half-closed", get()[:-2], "closes", half_close=True)
case("a body with GET is passed over", get(length(SMUGGLED), body=SMUGGLED), "200 stays")
case("a body with HEAD is passed over", request(b"HEAD /problems/refused HTTP/1.1", length(SMUGGLED), body=SMUGGLED), "200 stays", to=("HEAD",))
case("a body with OPTIONS is passed over", request(b"OPTIONS /problems/refused HTTP/1.1", length(SMUGGLED), body=SMUGGLED), "204 stays", to=("OPTIONS",))
case("a chunked body with GET is passed over", get(CHUNKED, body=chunk(SMUGGLED) + LAST), "200 stays")
case("the length hop by hop", deposit(length(BODY), b"Connection: Content-Length"), "200 stays", own=1)
case("the length of a field with an underscore does not count", deposit(length(BODY), b"Content_Length: 0"), "200 stays", own=1)

# ---- Transfer-Encoding
for name, field in (("chunked", CHUNKED), ("in capitals", b"TRANSFER-ENCODING: CHUNKED"), ("with blanks around", b"Transfer-Encoding: \t chunked \t"),
                    ("hop by hop", CHUNKED + b"\r\nConnection: Transfer-Encoding"), ("beside TE", CHUNKED + b"\r\nTE: trailers")):
    case(f"Transfer-Encoding: {name}", deposit(field, body=WHOLE), "200 stays", own=1)
for name, value in (("xchunked", b"xchunked"), ("chunk", b"chunk"), ("identity", b"identity"), ("gzip", b"gzip"), ("gzip, chunked", b"gzip, chunked"),
                    ("quoted", b'"chunked"'), ("identity, then chunked", b"identity\r\nTransfer-Encoding: chunked"), ("two words", b"chunked x")):
    case(f"Transfer-Encoding: {name}", deposit(b"Transfer-Encoding: " + value, body=LAST + SMUGGLED), "501/not-implemented closes",
         behind=True)
for name, value in (("chunked, gzip", b"chunked, gzip"), ("chunked twice", b"chunked, chunked"), ("chunked in two fields", b"chunked\r\nTransfer-Encoding: chunked"),
                    ("chunked, then identity", b"chunked\r\nTransfer-Encoding: identity"), ("an empty element first", b", chunked"), ("an empty element last", b"chunked,"),
                    ("nothing", b""), ("a parameter", b"chunked;a=b"), ("a VT before", b"\x0bchunked"), ("a VT behind", b"chunked\x0b"), ("a NUL behind", b"chunked\0"),
                    ("folded", b"\r\n chunked")):
    case(f"Transfer-Encoding: {name}", deposit(b"Transfer-Encoding: " + value, body=LAST + SMUGGLED), REFUSED, behind=True)
for name, fields in (("with a space before the colon", (b"Transfer-Encoding : chunked",)), ("with a tab before the colon", (b"Transfer-Encoding\t: chunked",)),
                     ("as the fold of another field", (b"X: y", b" Transfer-Encoding: chunked")), ("behind a bare LF", (b"X: y\nTransfer-Encoding: chunked",)),
                     ("behind a bare CR", (b"X: y\rTransfer-Encoding: chunked",)), ("in HTTP/1.1 with a length after it", (CHUNKED, length(LAST + SMUGGLED))),
                     ("in HTTP/1.1 with a length before it", (length(LAST + SMUGGLED), CHUNKED))):
    case(f"Transfer-Encoding {name}", deposit(*fields, body=LAST + SMUGGLED), REFUSED, behind=True)
case("Transfer-Encoding in HTTP/1.0", deposit(CHUNKED, body=WHOLE, version=b"1.0"), REFUSED)
case("Transfer-Encoding in HTTP/1.0 that keeps the connection", deposit(CHUNKED, b"Connection: keep-alive", body=LAST + SMUGGLED, version=b"1.0"), REFUSED,
     behind=True)
case("a coding with an underscore does not count", deposit(length(BODY), b"Transfer_Encoding: chunked"), "200 stays", own=1)

# ---- chunks
for name, body in (("one", WHOLE), ("a byte each", b"".join(chunk(BODY[at:at + 1]) for at in range(len(BODY))) + LAST), ("capital digits", b"C\r\n" + BODY + b"\r\n" + LAST),
                   ("zeros in front", b"00000c\r\n" + BODY + b"\r\n000\r\n\r\n"), ("an extension", b"c;a\r\n" + BODY + b"\r\n" + LAST),
                   ("an extension with a value", b"c;a=b\r\n" + BODY + b"\r\n0;c=d\r\n\r\n"), ("a quoted extension", b'c;a="b;c"\r\n' + BODY + b"\r\n" + LAST),
                   ("trailers", chunk(BODY) + b"0\r\nX-Trailer: 1\r\nY: 2\r\n\r\n"),
                   ("a trailer that names a command", chunk(BODY) + b"0\r\nIdempotency-Key: a b\r\n\r\n")):
    case(f"chunks: {name}", deposit(CHUNKED, body=body), "200 stays", own=1)
case("chunks: a CRLF within the data", deposit(CHUNKED, body=chunk(b'{"amount"\r\n:1}') + LAST), "200 stays", own=1)
for name, body in (("a size that is none", b"x\r\n"), ("no size", b"\r\n" + BODY + b"\r\n"), ("a minus", b"-c\r\n"), ("a plus", b"+c\r\n" + BODY + b"\r\n"),
                   ("0x", b"0xc\r\n" + BODY + b"\r\n"), ("a size beyond 64 bits", b"1000000000000000c\r\n" + BODY + b"\r\n"), ("a space before the size", b" c\r\n" + BODY + b"\r\n"),
                   ("the size's line ends with LF alone", b"c\n" + BODY + b"\r\n"), ("the data ends with LF alone", b"c\r\n" + BODY + b"\n"),
                   ("more data than the size says", b"b\r\n" + BODY + b"\r\n"), ("less data than the size says", b"d\r\n" + BODY + b"\r\n"),
                   ("an LF in an extension", b"c;a\nb\r\n" + BODY + b"\r\n"), ("a CR in an extension", b"c;a\rb\r\n" + BODY + b"\r\n"),
                   ("a NUL in an extension", b"c;\0\r\n" + BODY + b"\r\n"), ("a brace behind the size", b"c{\r\n" + BODY + b"\r\n")):
    case(f"chunks: {name}", deposit(CHUNKED, body=body + LAST + SMUGGLED), REFUSED, behind=True)
case("chunks: a request where a trailer must be", deposit(CHUNKED, body=chunk(BODY) + b"0\r\n" + SMUGGLED), REFUSED)
case("chunks: trailers that would frame", deposit(CHUNKED, body=chunk(BODY) + b"0\r\nContent-Length: 500\r\nTransfer-Encoding: chunked\r\n\r\n"),
     REFUSED + "|200 stays", own=1)
case("chunks: a folded trailer", deposit(CHUNKED, body=chunk(BODY) + b"0\r\nX: 1\r\n 2\r\n\r\n"), REFUSED + "|200 stays", own=1)
case("chunks: a size of 2^63", deposit(CHUNKED, body=b"8000000000000000\r\n" + BODY), "413/body-too-large closes")
case("chunks: endless extensions", deposit(CHUNKED, body=b"c;" + b"x" * 20000 + b"\r\n" + BODY + b"\r\n" + LAST), REFUSED)
case("chunks: endless trailers", deposit(CHUNKED, body=chunk(BODY) + b"0\r\n" + b"X: " + b"x" * 20000 + b"\r\n\r\n"),
     REFUSED + "|431/headers-too-large closes")
case("chunks: too many trailers", deposit(CHUNKED, body=chunk(BODY) + b"0\r\n" + b"X: 1\r\n" * 65 + b"\r\n"), "431/headers-too-large closes")

# ---- Expect
case("Expect: 100-continue, the body comes at once", deposit(b"Expect: 100-continue", length(BODY)), "200 stays", own=1)
case("Expect: 100-continue, the body comes later", [deposit(b"Expect: 100-Continue", length(BODY), body=b""), BODY], "200 stays", own=1)
case("Expect: 100-continue, chunked", [deposit(b"Expect: 100-continue", CHUNKED, body=b""), WHOLE], "200 stays", own=1)
case("Expect: 100-continue without a body", get(b"Expect: 100-continue"), "200 stays")
case("Expect: 100-continue with a body that is too large", deposit(b"Expect: 100-continue", b"Content-Length: 2000000", body=b""), "413/body-too-large closes")
case("Expect: 100-continue in HTTP/1.0", deposit(b"Expect: 100-continue", length(BODY), version=b"1.0"), "200 closes", own=1)
case("Expect: something else", get(b"Expect: nonsense"), "417/expectation-failed stays")
case("Expect: something else, with a body", deposit(b"Expect: nonsense", length(SMUGGLED), body=SMUGGLED), "417/expectation-failed stays")
case("Expect: a list", get(b"Expect: 100-continue, x"), "417/expectation-failed stays")
case("Expect: with a blank before the dash", get(b"Expect: 100 -continue"), "417/expectation-failed stays")

# ---- methods
case("HEAD", request(b"HEAD /problems/refused HTTP/1.1"), "200 stays", to=("HEAD",))
case("HEAD of nothing", request(b"HEAD /nothing HTTP/1.1"), "404 stays", to=("HEAD",))
case("HEAD and GET in one go", request(b"HEAD /problems/refused HTTP/1.1") + get(), "200 200 stays", to=("HEAD", "GET"))
case("OPTIONS", request(b"OPTIONS /problems/refused HTTP/1.1"), "204 stays", to=("OPTIONS",))
case("OPTIONS *", request(b"OPTIONS * HTTP/1.1"), "204 stays", to=("OPTIONS",))
case("OPTIONS of nothing", request(b"OPTIONS /nothing HTTP/1.1"), "404/unknown-route stays", to=("OPTIONS",))
for method in (b"PUT", b"PATCH", b"DELETE", b"TRACE"):
    case(f"{method.decode()} of a page", request(method + b" /problems/refused HTTP/1.1"), "405/method-not-allowed stays")
case("GET of a command", get(path=b"/v1/commands/bank/account/" + OWN + b"/Deposit"), "405/method-not-allowed stays")
case("CONNECT", request(b"CONNECT a:80 HTTP/1.1"), "405/method-not-allowed stays")
case("CONNECT without a port", request(b"CONNECT a HTTP/1.1"), REFUSED)
case("CONNECT with a path", request(b"CONNECT /problems/refused HTTP/1.1"), REFUSED)

# ---- pipelining
case("two requests in one go", get() + get(), "200 200 stays")
case("a hundred requests in one go", get() * 100, " ".join(["200"] * 100) + " stays")
case("a command between two reads", get() + deposit(length(BODY)) + get(), "200 200 200 stays", own=1)
case("two commands in one go", deposit(length(BODY)) * 2, "200 200 stays", own=2)
case("a chunked command and one with a length", deposit(CHUNKED, body=WHOLE) + deposit(length(BODY)), "200 200 stays", own=2)
case("what comes behind Connection: close is dropped", get(b"Connection: close") + SMUGGLED, "200 closes")
case("what comes behind HTTP/1.0 is dropped", get(version=b"1.0") + SMUGGLED, "200 closes")
case("what comes behind a malformed request is dropped", get() + get(b"X : 1") + SMUGGLED, "200 400/malformed-request closes", behind=True)
case("what comes behind a body that is too large is dropped", deposit(b"Content-Length: 1048577", body=SMUGGLED), "413/body-too-large closes")
case("what comes behind an unknown method is dropped", request(b"FOO / HTTP/1.1") + SMUGGLED, "501/not-implemented closes", behind=True)
case("a problem keeps the place of its answer", get(path=b"/nothing") + get() + get(path=b"/nothing"), "404/unknown-route 200 404/unknown-route stays")

# ---- limits: one below, at, one above
for size, outcome in ((LINE - 1, "404/unknown-route stays"), (LINE, "404/unknown-route stays"), (LINE + 1, "414/uri-too-long closes")):
    case(f"a request line of {size} bytes", get(path=b"/nothing/" + b"x" * (size - len(b"GET /nothing/ HTTP/1.1"))), outcome)
for size, outcome in ((FIELDS - 1, "200 stays"), (FIELDS, "200 stays"), (FIELDS + 1, "431/headers-too-large closes")):
    case(f"header fields of {size} bytes", get(b"X: " + b"x" * (size - len(b"Host: a\r\nX: \r\n"))), outcome)
for count, outcome in ((COUNT - 1, "200 stays"), (COUNT, "200 stays"), (COUNT + 1, "431/headers-too-large closes")):
    case(f"{count} header fields", get(*[b"X-%d: 1" % at for at in range(count - 1)]), outcome)
for size, outcome, own in ((BYTES - 1, "200 stays", 1), (BYTES, "200 stays", 1), (BYTES + 1, "413/body-too-large closes", 0)):
    spaced = BODY + b" " * (size - len(BODY))
    case(f"a body of {size} bytes", deposit(length(spaced), body=spaced), outcome, own=own)
    case(f"a chunked body of {size} bytes", deposit(CHUNKED, body=chunk(spaced[:700000]) + chunk(spaced[700000:]) + LAST), outcome, own=own)

# ---- what a body is, and what is in it
case("a command without a Content-Type", deposit(length(BODY), kind=None), "415/unsupported-media-type stays")
case("a command of another Content-Type", deposit(length(BODY), kind=b"Content-Type: text/plain"), "415/unsupported-media-type stays")
case("a Content-Type with a parameter", deposit(length(BODY), kind=b"Content-Type: application/json; charset=utf-8"), "200 stays", own=1)
case("two Content-Types", deposit(b"Content-Type: application/json", length(BODY)), "415/unsupported-media-type stays")
case("a compressed body", deposit(b"Content-Encoding: gzip", length(BODY)), "415/unsupported-media-type stays")
case("an Accept that excludes JSON", deposit(b"Accept: text/html", length(BODY)), "406/not-acceptable stays")
for name, body in (("no JSON", b"{"), ("two values", BODY + BODY), ("a byte beyond UTF-8", b'{"amount":1,"reference":"\xff"}'), ("a lone surrogate", b'{"amount":1,"reference":"\\ud800"}'),
                   ("a member twice", b'{"amount":1,"amount":1}'), ("depth 65", b'{"amount":' + b"[" * 64 + b"]" * 64 + b"}"), ("NaN", b'{"amount":NaN}')):
    case(f"a body of {name}", deposit(length(body), body=body), "400/malformed-json stays")
for name, body in (("depth 64", b'{"amount":' + b"[" * 63 + b"]" * 63 + b"}"), ("a number beyond 64 bits", b'{"amount":99999999999999999999}'), ("a fraction", b'{"amount":1.5}'),
                   ("an unknown member", b'{"amount":1,"x":1}'), ("an array", b"[]")):
    case(f"a body of {name}", deposit(length(body), body=body), "400/schema-violation stays")
case("a command id that is none", deposit(b"Idempotency-Key: a b", length(BODY)), "400/invalid-command-id stays")
case("an If-Match that is none", deposit(b"If-Match: *", length(BODY)) + SMUGGLED, REFUSED, behind=True)
case("both conditions", deposit(b'If-Match: "1"', b"If-None-Match: *", length(BODY)) + SMUGGLED, REFUSED, behind=True)
NDJSON = b"Content-Type: application/x-ndjson"
BATCH = b"POST /v1/commands HTTP/1.1"
for count, outcome in ((500, "200 stays"), (501, "413/body-too-large closes")):
    lines = b"x\n" * count
    case(f"a batch of {count} lines", request(BATCH, NDJSON, length(lines), body=lines), outcome)

# ---- two readers who differ in where a request ends
for name, data in (
        ("the length of a GET hides a request", get(length(SMUGGLED), b"Connection: keep-alive", body=SMUGGLED)),
        ("a length and a folded coding", deposit(b"Content-Length: %d" % len(LAST + SMUGGLED), b"Transfer-Encoding:\r\n chunked", body=LAST + SMUGGLED)),
        ("a length and a coding with a NUL", deposit(b"Content-Length: %d" % len(LAST + SMUGGLED), b"Transfer-Encoding: chun\0ked", body=LAST + SMUGGLED)),
        ("a length and xchunked", deposit(b"Content-Length: %d" % len(LAST + SMUGGLED), b"Transfer-Encoding: xchunked", body=LAST + SMUGGLED)),
        ("a short length and a coding", deposit(b"Content-Length: 4", CHUNKED, body=chunk(SMUGGLED) + LAST)),
        ("a short length behind a fold", deposit(b"X: y", b" Content-Length: 0", length(SMUGGLED), body=SMUGGLED)),
        ("a coding that ends in CR", deposit(b"Transfer-Encoding: chunked\r", b"Content-Length: %d" % len(LAST + SMUGGLED), body=LAST + SMUGGLED)),
        ("two hosts, one absolute", request(b"POST http://a/v1/commands HTTP/1.1", NDJSON, length(SMUGGLED), b"Host: b", body=SMUGGLED))):
    case(f"two readers: {name}", data, "200 stays" if data.startswith(b"GET") else REFUSED + "|501/not-implemented closes", behind=True)
case("two readers: a chunk's size that wraps to 12", deposit(CHUNKED, body=b"1000000000000000c\r\n" + BODY + b"\r\n" + LAST + SMUGGLED), REFUSED, behind=True)
case("two readers: a request in an extension", deposit(CHUNKED, body=b"c;\n" + SMUGGLED + b"\r\n" + BODY + b"\r\n" + LAST), REFUSED)
case("two readers: a request in the trailers", deposit(CHUNKED, body=chunk(BODY) + b"0\r\nX: y\r\n" + SMUGGLED), REFUSED)
case("two readers: a request in a body with Expect", deposit(b"Expect: 100-continue", length(SMUGGLED), body=SMUGGLED), "400/malformed-json stays")
case("two readers: a request as the body of a command", deposit(length(SMUGGLED), body=SMUGGLED), "400/malformed-json stays")
case("two readers: a request in a chunked body", deposit(CHUNKED, body=chunk(SMUGGLED) + LAST), "400/malformed-json stays")
