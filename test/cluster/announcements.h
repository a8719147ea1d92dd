#pragma once

#include <string>

#include "core/cluster/announcement.h"

namespace foldlog::test {

inline announcement node_named(const std::string& name, std::string_view roles = "command,query") {
  announcement made;
  made.node = name;
  made.cluster = "main";
  made.instance = "instance-of-" + name;
  made.version = "0.1.0";
  made.roles = *node_roles::parse(roles);
  made.serves = made.roles;
  made.endpoint = "http://127.0.0.1:1";
  made.topics = {"bank.account"};
  made.partitions = 8;
  return made;
}

inline announcement owning(announcement of, std::int32_t partition, std::int64_t claim) {
  of.owns.push_back({{"bank.account", partition}, offset_t{claim}});
  return of;
}

}  // namespace foldlog::test
