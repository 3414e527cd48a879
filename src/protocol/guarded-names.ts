/**
 * Whether a variable of that name steers a shell, an interpreter, the loader or a common tool. Data must not: a parameter
 * called so, which any task may have returned, is given to tasks as `MAGNUS_PRM_<name>` only. From the manuals of the
 * shells, of ld.so, Python 3.14, Node 24, git 2.51, OpenSSL, curl, R, Perl, Ruby, Java; docs/language.md has the list.
 */
export function isGuardedName(name: string): boolean {
  return guardedNames.has(name) || guardedPrefixes.some((prefix) => name.startsWith(prefix));
}

const guardedPrefixes = [
  "BASH_",
  "CONDA_",
  "DYLD_",
  "GIT_",
  "JUPYTER_",
  "LC_",
  "LD_",
  "MAGNUS_",
  "NODE_",
  "NPM_CONFIG_",
  "npm_config_",
  "PIP_",
  "PYTHON",
  "SSH_",
  "SSL_",
];

const guardedNames: ReadonlySet<string> = new Set(
  `PATH HOME SHELL IFS ENV PWD OLDPWD CDPATH USER LOGNAME HISTFILE PS1 PS2 PS4 PROMPT_COMMAND SHELLOPTS BASHOPTS GLOBIGNORE
  POSIXLY_CORRECT TMPDIR TMP TEMP TZ TZDIR LANG LANGUAGE LOCPATH NLSPATH GCONV_PATH GLIBC_TUNABLES HOSTALIASES RES_OPTIONS
  TERM TERMINFO EDITOR VISUAL PAGER LESSOPEN LESSCLOSE MAKEFLAGS CURL_CA_BUNDLE CURL_HOME REQUESTS_CA_BUNDLE OPENSSL_CONF
  http_proxy https_proxy ftp_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY FTP_PROXY ALL_PROXY NO_PROXY
  VIRTUAL_ENV IPYTHONDIR PERL5LIB PERL5OPT PERL5DB PERLLIB RUBYLIB RUBYOPT CLASSPATH JAVA_HOME JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS
  _JAVA_OPTIONS R_HOME R_PROFILE R_PROFILE_USER R_ENVIRON R_ENVIRON_USER R_LIBS R_LIBS_USER R_LIBS_SITE`.split(/\s+/),
);
