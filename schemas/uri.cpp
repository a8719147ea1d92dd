#include "schemas/uri.h"

#include <algorithm>

#include "schemas/format.h"

namespace foldlog {

namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_scheme(std::string_view text) {
  return !text.empty() && is_letter(text.front()) && std::ranges::all_of(text, [](char c) {
    return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  });
}

/// Unreserved characters, sub-delimiters, percent escapes, and those more.
bool consists_of(std::string_view text, std::string_view more) {
  constexpr std::string_view allowed = "-._~!$&'()*+,;=";
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '%') {
      if (at + 2 >= text.size() || hex_value(text[at + 1]) < 0 || hex_value(text[at + 2]) < 0) return false;
      at += 2;
    } else if (!is_letter(c) && !is_digit(c) && !allowed.contains(c) && !more.contains(c)) {
      return false;
    }
  }
  return true;
}

bool is_authority(std::string_view text) {
  const auto user_end = text.rfind('@');
  if (user_end != std::string_view::npos) {
    if (!consists_of(text.substr(0, user_end), ":")) return false;
    text.remove_prefix(user_end + 1);
  }
  const bool literal = text.starts_with('[');
  const auto host_end = literal ? text.find(']') : text.find(':');
  if (literal && (host_end == std::string_view::npos || !is_ipv6(text.substr(1, host_end - 1)))) return false;
  if (!literal && !consists_of(text.substr(0, host_end), "")) return false;
  auto port = host_end == std::string_view::npos ? std::string_view() : text.substr(host_end + (literal ? 1 : 0));
  if (port.empty()) return true;
  return port.front() == ':' && std::ranges::all_of(port.substr(1), is_digit);
}

/// RFC 3986 section 5.2.4.
std::string without_dot_segments(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    if (path.starts_with("../")) {
      path.remove_prefix(3);
    } else if (path.starts_with("./")) {
      path.remove_prefix(2);
    } else if (path.starts_with("/./") || path == "/.") {
      path = path == "/." ? "/" : path.substr(2);
    } else if (path.starts_with("/../") || path == "/..") {
      path = path == "/.." ? "/" : path.substr(3);
      out.erase(std::min(out.rfind('/'), out.size()));
    } else if (path == "." || path == "..") {
      path = {};
    } else {
      const auto end = path.find('/', 1);
      out += path.substr(0, end);
      path = end == std::string_view::npos ? std::string_view() : path.substr(end);
    }
  }
  return out;
}

std::string merged_path(const uri_parts& base, std::string_view path) {
  if (base.authority && base.path.empty()) return "/" + std::string(path);
  const auto folder_end = base.path.rfind('/');
  const auto folder = folder_end == std::string_view::npos ? std::string_view() : base.path.substr(0, folder_end + 1);
  return std::string(folder) + std::string(path);
}

std::string joined(const uri_parts& parts) {
  std::string out;
  if (parts.scheme) out.append(*parts.scheme).append(":");
  if (parts.authority) out.append("//").append(*parts.authority);
  out.append(parts.path);
  if (parts.query) out.append("?").append(*parts.query);
  if (parts.fragment) out.append("#").append(*parts.fragment);
  return out;
}

}  // namespace

uri_parts uri_parts::split(std::string_view text) {
  uri_parts parts;
  if (const auto at = text.find('#'); at != std::string_view::npos) {
    parts.fragment = text.substr(at + 1);
    text = text.substr(0, at);
  }
  if (const auto at = text.find('?'); at != std::string_view::npos) {
    parts.query = text.substr(at + 1);
    text = text.substr(0, at);
  }
  if (const auto at = text.find_first_of(":/"); at != std::string_view::npos && text[at] == ':' && at > 0) {
    parts.scheme = text.substr(0, at);
    text.remove_prefix(at + 1);
  }
  if (text.starts_with("//")) {
    const auto end = text.find('/', 2);
    parts.authority = text.substr(2, end == std::string_view::npos ? end : end - 2);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end);
  }
  parts.path = text;
  return parts;
}

std::string resolve_uri(std::string_view base_text, std::string_view reference) {
  const auto base = uri_parts::split(base_text);
  auto parts = uri_parts::split(reference);
  if (base_text.empty()) return std::string(reference);
  std::string path;
  if (parts.scheme || parts.authority) {
    path = without_dot_segments(parts.path);
    if (parts.scheme && !parts.authority && !parts.path.starts_with('/')) path = parts.path;
  } else if (parts.path.empty()) {
    path = base.path;
    if (!parts.query) parts.query = base.query;
  } else {
    path = without_dot_segments(parts.path.starts_with('/') ? std::string(parts.path) : merged_path(base, parts.path));
  }
  if (!parts.scheme) {
    if (!parts.authority) parts.authority = base.authority;
    parts.scheme = base.scheme;
  }
  parts.path = path;
  return joined(parts);
}

bool is_uri_reference(std::string_view text) {
  const auto parts = uri_parts::split(text);
  if (parts.scheme ? !is_scheme(*parts.scheme) : parts.path.substr(0, parts.path.find('/')).contains(':')) return false;
  return (!parts.authority || is_authority(*parts.authority)) && consists_of(parts.path, ":@/") &&
         consists_of(parts.query.value_or(""), ":@/?") && consists_of(parts.fragment.value_or(""), ":@/?");
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      out.push_back(static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

}  // namespace foldlog
