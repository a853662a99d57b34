<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:m="urn:inkan:messages"
                xmlns:i="urn:inkan:functions" exclude-result-prefixes="m i">

    <!--
        How a certificate file gets into a device: for each system and type the steps, each with a drawing of what one looks for.
        The drawings are our own and show no maker's dialog as it is; the words in them are messages too:

        install.SYSTEM-STEP   what to do; {secret} is what the file asks for, {file} its name
        mark.SYSTEM-STEP      the word that one looks for on the screen: a button, a row, a choice
        title.SYSTEM-STEP     what stands on top of that screen; title.SYSTEM where a step has none of its own
        drawing.PICTURE       the drawing in words
    -->

    <!-- STEP/PICTURE for each step, a space behind each. -->
    <xsl:template name="text-guide">
        <xsl:param name="system"/>
        <xsl:param name="type"/>
        <xsl:choose>
            <xsl:when test="$system = 'windows' and $type = 'smime'"><xsl:value-of select="'open/file user/choice password/password store/choice mail/list '"/></xsl:when>
            <xsl:when test="$system = 'windows'"><xsl:value-of select="'open/file user/choice password/password store/choice use/button '"/></xsl:when>
            <xsl:when test="$system = 'macos' and $type = 'smime'"><xsl:value-of select="'open/file keychain/choice password/password mail/button '"/></xsl:when>
            <xsl:when test="$system = 'macos'"><xsl:value-of select="'open/file keychain/choice password/password use/button '"/></xsl:when>
            <xsl:when test="$system = 'ios' and $type = 'smime'"><xsl:value-of select="'allow/button settings/list install/button password/password mail/switch '"/></xsl:when>
            <xsl:when test="$system = 'ios'"><xsl:value-of select="'allow/button settings/list install/button password/password '"/></xsl:when>
            <xsl:when test="$system = 'android' and $type = 'smime'"><xsl:value-of select="'settings/list mailkind/list open/file password/password mail/list '"/></xsl:when>
            <xsl:when test="$system = 'android'"><xsl:value-of select="'settings/list kind/list open/file password/password use/button '"/></xsl:when>
            <xsl:when test="$system = 'firefox'"><xsl:value-of select="'settings/button tab/tab password/password use/button '"/></xsl:when>
            <xsl:when test="$system = 'thunderbird'"><xsl:value-of select="'settings/button tab/tab password/password account/list '"/></xsl:when>
            <xsl:when test="$system = 'linux' and $type = 'smime'"><xsl:value-of select="'evolution/tab password/password account/list '"/></xsl:when>
            <xsl:when test="$system = 'linux'"><xsl:value-of select="'wifi/choice key/file password/password '"/></xsl:when>
        </xsl:choose>
    </xsl:template>

    <xsl:template match="guide">
        <details id="on-{@system}">
            <xsl:if test="@open"><xsl:attribute name="open">open</xsl:attribute></xsl:if>
            <summary><m:t k="system.{@system}"/></summary>
            <xsl:variable name="steps">
                <xsl:call-template name="text-guide"><xsl:with-param name="system" select="@system"/><xsl:with-param name="type" select="../pickup/@type"/></xsl:call-template>
            </xsl:variable>
            <xsl:if test="$steps != ''">
                <ol class="guide"><xsl:call-template name="guide-steps"><xsl:with-param name="steps" select="string($steps)"/></xsl:call-template></ol>
            </xsl:if>
            <xsl:if test="@system = 'linux'"><xsl:call-template name="lines-nss"/></xsl:if>
            <xsl:if test="@system = 'curl'"><xsl:call-template name="lines-openssl"/></xsl:if>
            <xsl:if test="@system = 'macos' and ../@profile">
                <xsl:variable name="secret"><xsl:call-template name="text-secret"/></xsl:variable>
                <p><m:t k="mac.profile" secret="$secret"/></p>
            </xsl:if>
            <xsl:variable name="kind" select="concat(@system, '-', ../pickup/@type)"/>
            <xsl:if test="i:has('note.', $kind)"><p class="hint"><m:t k="note.{$kind}"/></p></xsl:if>
        </details>
    </xsl:template>

    <!-- The first of STEPS, then the others. -->
    <xsl:template name="guide-steps">
        <xsl:param name="steps"/>
        <xsl:variable name="first" select="substring-before($steps, ' ')"/>
        <xsl:variable name="step" select="concat(@system, '-', substring-before($first, '/'))"/>
        <xsl:if test="$first != ''">
            <li>
                <xsl:call-template name="drawing">
                    <xsl:with-param name="step" select="$step"/>
                    <xsl:with-param name="picture" select="substring-after($first, '/')"/>
                </xsl:call-template>
                <p><xsl:call-template name="guide-words"><xsl:with-param name="step" select="$step"/></xsl:call-template></p>
            </li>
            <xsl:call-template name="guide-steps"><xsl:with-param name="steps" select="substring-after($steps, ' ')"/></xsl:call-template>
        </xsl:if>
    </xsl:template>

    <xsl:template name="guide-words">
        <xsl:param name="step"/>
        <xsl:variable name="secret"><xsl:call-template name="text-secret"/></xsl:variable>
        <m:t k="install.{$step}" secret="$secret" file="../@file"/>
    </xsl:template>

    <xsl:template name="text-secret">
        <xsl:choose>
            <xsl:when test="../@own-password"><xsl:value-of select="i:message('pickup.secret.', 'own')"/></xsl:when>
            <xsl:otherwise><xsl:value-of select="i:message('pickup.secret.', 'pin')"/></xsl:otherwise>
        </xsl:choose>
    </xsl:template>

    <!-- Drawings, 200 × 128: a window, or the upper part of a phone, and in it what one looks for. -->
    <xsl:template name="drawing">
        <xsl:param name="step"/>
        <xsl:param name="picture"/>
        <xsl:variable name="mark">
            <xsl:choose>
                <xsl:when test="i:has('mark.', $step)"><xsl:value-of select="i:message('mark.', $step)"/></xsl:when>
                <xsl:when test="$picture = 'file'"><xsl:value-of select="../@file"/></xsl:when>
                <xsl:otherwise><xsl:value-of select="i:message('mark.', $picture)"/></xsl:otherwise>
            </xsl:choose>
        </xsl:variable>
        <xsl:variable name="title">
            <xsl:choose>
                <xsl:when test="i:has('title.', $step)"><xsl:value-of select="i:message('title.', $step)"/></xsl:when>
                <xsl:when test="$picture = 'file'"><xsl:value-of select="i:message('title.', $picture)"/></xsl:when>
                <xsl:otherwise><xsl:value-of select="i:message('title.', @system)"/></xsl:otherwise>
            </xsl:choose>
        </xsl:variable>
        <svg class="drawing" viewBox="0 0 200 128" width="200" height="128" role="img">
            <xsl:attribute name="aria-label"><m:t k="drawing.{$picture}" mark="$mark" title="$title"/></xsl:attribute>
            <xsl:choose>
                <xsl:when test="@system = 'ios' or @system = 'android'">
                    <path class="body" d="M22 127V22q0-16 16-16h124q16 0 16 16v105"/><path class="soft" d="M86 13h28"/>
                    <text x="100" y="30" class="middle name"><xsl:value-of select="$title"/></text>
                </xsl:when>
                <xsl:otherwise>
                    <rect class="body" x="6" y="6" width="188" height="116" rx="7"/><path class="edge" d="M6 26h188"/>
                    <circle class="dot" cx="16" cy="16" r="2.5"/><text x="26" y="19.5" class="name"><xsl:value-of select="$title"/></text>
                </xsl:otherwise>
            </xsl:choose>
            <xsl:call-template name="drawn"><xsl:with-param name="picture" select="$picture"/><xsl:with-param name="mark" select="$mark"/></xsl:call-template>
        </svg>
    </xsl:template>

    <xsl:template name="drawn">
        <xsl:param name="picture"/>
        <xsl:param name="mark"/>
        <xsl:choose>
            <xsl:when test="$picture = 'file'">
                <path class="soft" d="M34 46h10M52 46h64M34 108h10M52 108h90"/>
                <rect class="marked" x="28" y="60" width="144" height="32" rx="5"/>
                <path class="sheet" d="M36 66h9l6 6v14H36z"/><circle class="seal" cx="43.500" cy="78" r="3"/>
                <text x="58" y="80" class="word"><xsl:value-of select="$mark"/></text>
            </xsl:when>
            <xsl:when test="$picture = 'choice'">
                <path class="soft" d="M34 42h104"/>
                <rect class="marked" x="28" y="52" width="144" height="26" rx="5"/>
                <circle class="radio" cx="41" cy="65" r="5.500"/><circle class="seal" cx="41" cy="65" r="2.500"/>
                <text x="54" y="68.500" class="word"><xsl:value-of select="$mark"/></text>
                <circle class="radio" cx="41" cy="93" r="5.500"/><path class="soft" d="M56 93h80"/>
            </xsl:when>
            <xsl:when test="$picture = 'password'">
                <text x="32" y="52" class="word"><xsl:value-of select="$mark"/></text>
                <rect class="marked" x="30" y="60" width="140" height="24" rx="5"/>
                <path class="dots" d="M42 72h.01M52 72h.01M62 72h.01M72 72h.01M82 72h.01M92 72h.01M102 72h.01M112 72h.01"/>
                <rect class="key" x="126" y="96" width="44" height="17" rx="5"/><path class="soft" d="M138 104.500h20"/>
            </xsl:when>
            <xsl:when test="$picture = 'list' or $picture = 'switch'">
                <path class="soft" d="M34 46h64M34 106h84"/><path class="edge" d="M28 58h144M28 94h144"/>
                <rect class="marked" x="26" y="62" width="148" height="28" rx="5"/>
                <text x="33" y="79.500" class="row"><xsl:value-of select="$mark"/></text>
                <xsl:choose>
                    <xsl:when test="$picture = 'switch'"><rect class="on" x="142" y="68" width="26" height="16" rx="8"/><circle class="knob" cx="160" cy="76" r="6"/></xsl:when>
                    <xsl:otherwise><path class="line" d="m165 72 4 4-4 4"/></xsl:otherwise>
                </xsl:choose>
            </xsl:when>
            <xsl:when test="$picture = 'tab'">
                <path class="edge" d="M20 58h160M20 58V110h160V58"/>
                <path class="front" d="M28 58V42q0-5 5-5h88q5 0 5 5v16"/><text x="77" y="52" class="middle word"><xsl:value-of select="$mark"/></text>
                <path class="soft" d="M138 48h30M30 72h92M30 84h64"/>
                <rect class="push" x="112" y="90" width="60" height="16" rx="5"/><text x="142" y="101.500" class="middle pushed"><xsl:value-of select="i:message('mark.', $picture)"/></text>
            </xsl:when>
            <xsl:when test="$picture = 'button'">
                <path class="soft" d="M34 48h116M34 62h132M34 76h72"/>
                <rect class="push" x="56" y="90" width="116" height="22" rx="6"/><text x="114" y="104.500" class="middle pushed"><xsl:value-of select="$mark"/></text>
            </xsl:when>
        </xsl:choose>
    </xsl:template>

    <!-- Lines for a terminal, as they are typed; a test runs each. -->
    <xsl:template name="line">
        <xsl:param name="text"/>
        <pre class="line-of-terminal" tabindex="0"><code><xsl:value-of select="$text"/></code></pre>
    </xsl:template>

    <xsl:template name="lines-nss">
        <h3><m:t k="terminal.nss"/></h3>
        <p><m:t k="terminal.nss.text"/></p>
        <xsl:variable name="install">sudo apt install libnss3-tools</xsl:variable>
        <xsl:variable name="folder">mkdir -p ~/.pki/nssdb</xsl:variable>
        <xsl:variable name="make">test -e ~/.pki/nssdb/cert9.db || certutil -N -d sql:$HOME/.pki/nssdb --empty-password</xsl:variable>
        <xsl:variable name="import">pk12util -d sql:$HOME/.pki/nssdb -i <xsl:value-of select="../@file"/></xsl:variable>
        <xsl:variable name="list">certutil -L -d sql:$HOME/.pki/nssdb</xsl:variable>
        <xsl:call-template name="line"><xsl:with-param name="text" select="$install"/></xsl:call-template>
        <xsl:call-template name="line"><xsl:with-param name="text" select="$folder"/></xsl:call-template>
        <xsl:call-template name="line"><xsl:with-param name="text" select="$make"/></xsl:call-template>
        <xsl:call-template name="line"><xsl:with-param name="text" select="$import"/></xsl:call-template>
        <xsl:call-template name="line"><xsl:with-param name="text" select="$list"/></xsl:call-template>
    </xsl:template>

    <xsl:template name="lines-openssl">
        <xsl:variable name="secret"><xsl:call-template name="text-secret"/></xsl:variable>
        <xsl:variable name="file" select="../@file"/>
        <xsl:variable name="stem" select="substring-before(../@file, '.p12')"/>
        <xsl:variable name="certificate">openssl pkcs12 -in <xsl:value-of select="$file"/> -clcerts -nokeys -out <xsl:value-of select="$stem"/>.crt</xsl:variable>
        <xsl:variable name="key">openssl pkcs12 -in <xsl:value-of select="$file"/> -nocerts -out <xsl:value-of select="$stem"/>.key</xsl:variable>
        <xsl:variable name="chain">openssl pkcs12 -in <xsl:value-of select="$file"/> -cacerts -nokeys -out <xsl:value-of select="$stem"/>-chain.pem</xsl:variable>
        <xsl:if test="../@check">
            <!-- curl does not ask for the password of a PKCS#12 by itself, and in the line it would stay in the shell's history. -->
            <xsl:variable name="whole">read -rs PASSWORD; curl --cert-type P12 --cert <xsl:value-of select="$file"/> --pass "$PASSWORD" <xsl:value-of select="../@check"/></xsl:variable>
            <p><m:t k="terminal.curl.whole" secret="$secret"/></p>
            <xsl:call-template name="line"><xsl:with-param name="text" select="$whole"/></xsl:call-template>
        </xsl:if>
        <p><m:t k="terminal.curl.parts"/></p>
        <xsl:call-template name="line"><xsl:with-param name="text">umask 077</xsl:with-param></xsl:call-template>
        <xsl:call-template name="line"><xsl:with-param name="text" select="$certificate"/></xsl:call-template>
        <xsl:call-template name="line"><xsl:with-param name="text" select="$key"/></xsl:call-template>
        <xsl:call-template name="line"><xsl:with-param name="text" select="$chain"/></xsl:call-template>
        <xsl:choose>
            <xsl:when test="../@check">
                <xsl:variable name="parts">curl --cert <xsl:value-of select="$stem"/>.crt --key <xsl:value-of select="$stem"/>.key <xsl:value-of select="../@check"/></xsl:variable>
                <p><m:t k="terminal.curl.use"/></p>
                <xsl:call-template name="line"><xsl:with-param name="text" select="$parts"/></xsl:call-template>
            </xsl:when>
            <xsl:otherwise>
                <xsl:variable name="sign">openssl cms -sign -in mail.txt -text -signer <xsl:value-of select="$stem"/>.crt -inkey <xsl:value-of select="$stem"/>.key -certfile <xsl:value-of select="$stem"/>-chain.pem -out signed.eml</xsl:variable>
                <xsl:variable name="read">openssl cms -decrypt -in encrypted.eml -recip <xsl:value-of select="$stem"/>.crt -inkey <xsl:value-of select="$stem"/>.key</xsl:variable>
                <p><m:t k="terminal.curl.mail"/></p>
                <xsl:call-template name="line"><xsl:with-param name="text" select="$sign"/></xsl:call-template>
                <xsl:call-template name="line"><xsl:with-param name="text" select="$read"/></xsl:call-template>
            </xsl:otherwise>
        </xsl:choose>
    </xsl:template>
</xsl:stylesheet>
