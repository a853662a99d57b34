<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:m="urn:inkan:messages"
                xmlns:i="urn:inkan:functions" exclude-result-prefixes="m i">

    <!-- What anybody may read: the authority's certificates, the check of one's own, errors. -->

    <!-- What is known about people, and for how long. -->
    <xsl:template match="privacy" mode="title"><m:t k="privacy.title"/></xsl:template>
    <xsl:template match="privacy" mode="main">
        <p class="back"><a href="/"><m:t k="back.front"/></a></p>
        <h1><m:t k="privacy.title"/></h1>
        <p class="lead"><m:t k="privacy.lead"/></p>
        <section aria-labelledby="who">
            <h2 id="who"><m:t k="privacy.who"/></h2>
            <p>
                <m:t k="privacy.who.text">
                    <m:with name="operator">
                        <xsl:choose>
                            <xsl:when test="operator/@href"><a href="{operator/@href}"><xsl:value-of select="i:name(operator)"/></a></xsl:when>
                            <xsl:otherwise><xsl:value-of select="i:name(operator)"/></xsl:otherwise>
                        </xsl:choose>
                    </m:with>
                </m:t>
            </p>
        </section>
        <section aria-labelledby="sent">
            <h2 id="sent"><m:t k="privacy.sent"/></h2>
            <ul>
                <li><m:t k="privacy.sent.identifier"/></li>
                <li><m:t k="privacy.sent.name"/></li>
                <li><m:t k="privacy.sent.mail"/></li>
                <li><m:t k="privacy.sent.place"/></li>
                <li><m:t k="privacy.sent.rights"/></li>
            </ul>
            <p><m:t k="privacy.sent.see"/></p>
        </section>
        <section aria-labelledby="use">
            <h2 id="use"><m:t k="privacy.use"/></h2>
            <ul>
                <li><m:t k="privacy.use.recognise"/></li>
                <li><m:t k="privacy.use.certificate"/></li>
                <li><m:t k="privacy.use.rules"/></li>
                <li><m:t k="privacy.use.mail"/></li>
            </ul>
        </section>
        <section aria-labelledby="seen">
            <h2 id="seen"><m:t k="privacy.seen"/></h2>
            <p><m:t k="privacy.seen.text"/></p>
        </section>
        <section aria-labelledby="kept">
            <h2 id="kept"><m:t k="privacy.kept"/></h2>
            <dl class="facts">
                <div><dt><m:t k="privacy.kept.login"/></dt><dd><m:t k="privacy.kept.login.text"/></dd></div>
                <div><dt><m:t k="privacy.kept.file"/></dt><dd><m:t k="privacy.kept.file.text"/></dd></div>
                <div><dt><m:t k="privacy.kept.record"/></dt><dd><m:t k="privacy.kept.record.text"/></dd></div>
            </dl>
        </section>
        <section aria-labelledby="cookies">
            <h2 id="cookies"><m:t k="privacy.cookies"/></h2>
            <p><m:t k="privacy.cookies.text"/></p>
        </section>
        <section aria-labelledby="ask">
            <h2 id="ask"><m:t k="privacy.ask"/></h2>
            <p><m:t k="privacy.ask.text"/></p>
        </section>
    </xsl:template>

    <!-- The authorities: fingerprint first, then what this system needs, the chain, all files, steps for the others. -->
    <xsl:template match="ca" mode="title"><m:t k="ca.title"/></xsl:template>
    <xsl:template match="ca" mode="main">
        <p class="back"><a href="{$portal}/"><m:t k="back.front"/></a></p>
        <h1><m:t k="ca.title"/></h1>
        <p class="lead"><m:t k="ca.lead"/></p>
        <xsl:choose>
            <xsl:when test="issuer">
                <section aria-labelledby="compare">
                    <h2 id="compare"><m:t k="ca.compare"/></h2>
                    <p><m:t k="ca.compare.text"/></p>
                    <xsl:for-each select="issuer[not(@parent)]">
                        <div class="card">
                            <p class="label"><xsl:value-of select="@cn"/> · SHA-256</p>
                            <p class="fingerprint mono"><xsl:call-template name="fingerprint"><xsl:with-param name="of" select="@sha256"/></xsl:call-template></p>
                        </div>
                    </xsl:for-each>
                </section>
                <section aria-labelledby="download">
                    <h2 id="download"><m:t k="ca.install.{@system}"/></h2>
                    <p><m:t k="ca.get"/></p>
                    <ul class="downloads in-a-row">
                        <xsl:for-each select="issuer">
                            <xsl:variable name="ending"><xsl:choose><xsl:when test="../@system = 'linux'">pem</xsl:when><xsl:otherwise>cer</xsl:otherwise></xsl:choose></xsl:variable>
                            <li>
                                <a href="/ca/{@name}.{$ending}" download="{@name}.{$ending}">
                                    <xsl:attribute name="class">button<xsl:if test="not(@parent)"> main</xsl:if></xsl:attribute>
                                    <xsl:value-of select="@cn"/>
                                </a>
                            </li>
                        </xsl:for-each>
                    </ul>
                    <xsl:call-template name="ca-steps"><xsl:with-param name="system" select="string(@system)"/></xsl:call-template>
                </section>
                <section aria-labelledby="chain">
                    <h2 id="chain"><m:t k="ca.chain"/></h2>
                    <xsl:call-template name="chain-picture"/>
                </section>
                <section aria-labelledby="details">
                    <h2 id="details"><m:t k="ca.files"/></h2>
                    <div class="card">
                        <h3><m:t k="ca.all"/></h3>
                        <ul class="downloads">
                            <li><a href="/ca/chain.pem"><m:t k="ca.file.pem"/><xsl:text> </xsl:text><code>chain.pem</code></a></li>
                            <li><a href="/ca/chain.p7b"><m:t k="ca.file.p7b"/><xsl:text> </xsl:text><code>chain.p7b</code></a></li>
                        </ul>
                    </div>
                    <xsl:apply-templates select="issuer"/>
                </section>
                <section aria-labelledby="others">
                    <h2 id="others"><m:t k="ca.others"/></h2>
                    <xsl:call-template name="other-systems"/>
                    <p><a href="/ca/servers"><m:t k="ca.servers"/></a></p>
                </section>
            </xsl:when>
            <xsl:otherwise><p class="nothing"><m:t k="ca.none"/></p></xsl:otherwise>
        </xsl:choose>
    </xsl:template>

    <!-- For those who run a server: the very files, with this service's addresses in them. -->
    <xsl:template match="servers" mode="title"><m:t k="servers.title"/></xsl:template>
    <xsl:template match="servers" mode="main">
        <p class="back"><a href="/ca"><m:t k="ca.title"/></a></p>
        <h1><m:t k="servers.title"/></h1>
        <p class="lead"><m:t k="servers.lead"/></p>
        <ol class="plain-steps">
            <li><m:t k="servers.step.1"/></li>
            <li><m:t k="servers.step.2"/></li>
            <li><m:t k="servers.step.3"/></li>
            <li><m:t k="servers.step.4"/></li>
        </ol>
        <xsl:for-each select="kit">
            <section aria-labelledby="kit-{@server}">
                <h2 id="kit-{@server}"><m:t k="servers.kit.{@server}"/></h2>
                <p><m:t k="servers.kit-text.{@server}"/></p>
                <div class="systems">
                    <xsl:for-each select="file">
                        <details>
                            <summary><code><xsl:value-of select="@name"/></code></summary>
                            <pre class="terminal" tabindex="0" aria-label="{@name}"><code id="file-{translate(@name, '.', '-')}"><xsl:value-of select="."/></code></pre>
                            <p class="actions">
                                <a class="button" href="/ca/servers/{@name}" download="{@name}"><m:t k="servers.download"/></a>
                                <xsl:call-template name="copy"><xsl:with-param name="id" select="concat('file-', translate(@name, '.', '-'))"/></xsl:call-template>
                            </p>
                        </details>
                    </xsl:for-each>
                </div>
            </section>
        </xsl:for-each>
    </xsl:template>

    <!-- The chain as a picture: 76 for each root, 132 for each authority below one with what it issues. Its words are in <desc>. -->
    <xsl:template name="chain-picture">
        <svg class="chain-picture" role="img" aria-labelledby="chain-title" aria-describedby="chain-words" viewBox="0 0 400 {count(issuer[not(@parent)]) * 76 + count(issuer[@parent]) * 132}">
            <title id="chain-title"><m:t k="ca.chain"/></title>
            <desc id="chain-words">
                <xsl:for-each select="issuer[@parent]">
                    <m:t k="ca.chain.words" above="../issuer[@name = current()/@parent]/@cn" cn="@cn"/>
                    <xsl:text> </xsl:text>
                </xsl:for-each>
            </desc>
            <xsl:for-each select="issuer[not(@parent)]">
                <xsl:variable name="root" select="@name"/>
                <xsl:variable name="earlier" select="preceding-sibling::issuer[not(@parent)]"/>
                <xsl:variable name="top" select="count($earlier) * 76 + count(../issuer[@parent = $earlier/@name]) * 132"/>
                <xsl:variable name="below" select="count(../issuer[@parent = $root])"/>
                <xsl:if test="$below &gt; 0"><path class="line" d="M20 {$top + 64}V{$top + 76 + ($below - 1) * 132 + 32}"/></xsl:if>
                <xsl:call-template name="chain-box"><xsl:with-param name="x" select="1"/><xsl:with-param name="y" select="$top + 1"/><xsl:with-param name="role"><m:t k="ca.role.root"/></xsl:with-param></xsl:call-template>
                <xsl:for-each select="../issuer[@parent = $root]">
                    <xsl:variable name="y" select="$top + 76 + (position() - 1) * 132"/>
                    <path class="line" d="M20 {$y + 32}H41M60 {$y + 62}V{$y + 94}H81"/>
                    <xsl:call-template name="chain-box"><xsl:with-param name="x" select="41"/><xsl:with-param name="y" select="$y + 1"/><xsl:with-param name="role"><m:t k="ca.role.issuing"/></xsl:with-param></xsl:call-template>
                    <rect class="leaf-box" x="81" y="{$y + 74}" width="218" height="42" rx="8"/>
                    <text class="role" x="97" y="{$y + 100}"><m:t k="ca.role.yours"/></text>
                </xsl:for-each>
            </xsl:for-each>
        </svg>
    </xsl:template>

    <xsl:template name="chain-box">
        <xsl:param name="x"/>
        <xsl:param name="y"/>
        <xsl:param name="role"/>
        <xsl:variable name="latin" select="'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 -._/,()'"/>
        <!-- Characters of full width count twice; what would be wider than the box is pressed together. -->
        <xsl:variable name="width" select="(string-length(@cn) + string-length(translate(@cn, $latin, ''))) * 8.4"/>
        <rect x="{$x}" y="{$y}" width="338" height="62" rx="8">
            <xsl:attribute name="class">box<xsl:if test="i:days($now, @not-after) &lt; 0"> over</xsl:if></xsl:attribute>
        </rect>
        <path class="mark" d="M{$x + 14} {$y + 18}h20v26h-20zM{$x + 18} {$y + 26}h12M{$x + 18} {$y + 32}h12"/>
        <text class="cn" x="{$x + 48}" y="{$y + 27}">
            <xsl:if test="$width &gt; 280"><xsl:attribute name="textLength">280</xsl:attribute><xsl:attribute name="lengthAdjust">spacingAndGlyphs</xsl:attribute></xsl:if>
            <xsl:value-of select="@cn"/>
        </text>
        <text class="role" x="{$x + 48}" y="{$y + 48}">
            <xsl:copy-of select="$role"/>
            <xsl:text> · </xsl:text>
            <xsl:choose>
                <xsl:when test="i:days($now, @not-after) &lt; 0"><m:t k="ca.over"/></xsl:when>
                <xsl:otherwise><m:t k="ca.until" day="i:day(@not-after)"/></xsl:otherwise>
            </xsl:choose>
        </text>
    </xsl:template>

    <xsl:template match="issuer">
        <div class="card" id="issuer-{@name}">
            <h3><xsl:value-of select="@cn"/></h3>
            <dl class="facts">
                <div>
                    <dt><m:t k="ca.download"/></dt>
                    <dd>
                        <ul class="downloads">
                            <li><a href="/ca/{@name}.cer"><m:t k="ca.file.der"/><xsl:text> </xsl:text><code><xsl:value-of select="@name"/>.cer</code></a></li>
                            <li><a href="/ca/{@name}.pem"><m:t k="ca.file.pem"/><xsl:text> </xsl:text><code><xsl:value-of select="@name"/>.pem</code></a></li>
                            <li><a href="{../@publish}/crl/{@name}.crl"><m:t k="ca.crl"/><xsl:text> </xsl:text><code><xsl:value-of select="@name"/>.crl</code></a></li>
                        </ul>
                    </dd>
                </div>
                <div><dt><m:t k="fact.not-before"/></dt><dd><xsl:call-template name="day"><xsl:with-param name="at" select="@not-before"/></xsl:call-template></dd></div>
                <div>
                    <dt><m:t k="fact.not-after"/></dt>
                    <dd><xsl:call-template name="day"><xsl:with-param name="at" select="@not-after"/></xsl:call-template><xsl:if test="i:days($now, @not-after) &lt; 0"><span class="sub"><m:t k="ca.over"/></span></xsl:if></dd>
                </div>
                <div><dt><m:t k="fact.subject"/></dt><dd class="mono"><xsl:value-of select="@subject"/></dd></div>
                <div><dt><m:t k="fact.key"/></dt><dd><xsl:value-of select="@key"/></dd></div>
                <div><dt>SHA-256</dt><dd class="mono"><xsl:call-template name="fingerprint"><xsl:with-param name="of" select="@sha256"/></xsl:call-template></dd></div>
                <div><dt>SHA-1</dt><dd class="mono"><xsl:call-template name="fingerprint"><xsl:with-param name="of" select="@sha1"/></xsl:call-template></dd></div>
            </dl>
        </div>
    </xsl:template>

    <xsl:template name="other-systems">
        <div class="systems">
            <xsl:if test="@system != 'windows'"><xsl:call-template name="ca-system"><xsl:with-param name="system">windows</xsl:with-param></xsl:call-template></xsl:if>
            <xsl:if test="@system != 'macos'"><xsl:call-template name="ca-system"><xsl:with-param name="system">macos</xsl:with-param></xsl:call-template></xsl:if>
            <xsl:if test="@system != 'ios'"><xsl:call-template name="ca-system"><xsl:with-param name="system">ios</xsl:with-param></xsl:call-template></xsl:if>
            <xsl:if test="@system != 'android'"><xsl:call-template name="ca-system"><xsl:with-param name="system">android</xsl:with-param></xsl:call-template></xsl:if>
            <xsl:call-template name="ca-system"><xsl:with-param name="system">mozilla</xsl:with-param></xsl:call-template>
            <xsl:call-template name="ca-system"><xsl:with-param name="system">thunderbird</xsl:with-param></xsl:call-template>
            <xsl:if test="@system != 'linux'"><xsl:call-template name="ca-system"><xsl:with-param name="system">linux</xsl:with-param></xsl:call-template></xsl:if>
            <xsl:call-template name="ca-system"><xsl:with-param name="system">chromium</xsl:with-param></xsl:call-template>
            <xsl:call-template name="ca-system"><xsl:with-param name="system">java</xsl:with-param></xsl:call-template>
        </div>
    </xsl:template>

    <xsl:template name="ca-system">
        <xsl:param name="system"/>
        <details>
            <summary><m:t k="ca.install.{$system}"/></summary>
            <xsl:call-template name="ca-steps"><xsl:with-param name="system" select="$system"/></xsl:call-template>
        </details>
    </xsl:template>

    <xsl:template name="ca-steps">
        <xsl:param name="system"/>
        <ol class="plain-steps">
            <xsl:call-template name="ca-step"><xsl:with-param name="system" select="$system"/></xsl:call-template>
        </ol>
        <xsl:if test="$system = 'linux' or $system = 'chromium' or $system = 'java'">
            <pre class="terminal" tabindex="0" m:aria-label="ca.terminal"><code><xsl:apply-templates select="issuer[not(@parent)]" mode="terminal"><xsl:with-param name="system" select="$system"/></xsl:apply-templates></code></pre>
        </xsl:if>
    </xsl:template>

    <xsl:template name="ca-step">
        <xsl:param name="system"/>
        <xsl:param name="n" select="1"/>
        <xsl:variable name="step" select="concat($system, '-', $n)"/>
        <xsl:if test="i:has('ca.step.', $step)">
            <li><m:t k="ca.step.{$step}"/></li>
            <xsl:call-template name="ca-step">
                <xsl:with-param name="system" select="$system"/>
                <xsl:with-param name="n" select="$n + 1"/>
            </xsl:call-template>
        </xsl:if>
    </xsl:template>

    <!-- What is typed, for each root: tests/e2e/test_authorities.py runs these very lines. -->
    <xsl:template match="issuer" mode="terminal">
        <xsl:param name="system"/>
        <xsl:variable name="lines">
            <xsl:text>curl -fO </xsl:text><xsl:value-of select="../@publish"/>/ca/<xsl:value-of select="@name"/><xsl:text>.pem&#10;</xsl:text>
            <xsl:text>openssl x509 -in </xsl:text><xsl:value-of select="@name"/><xsl:text>.pem -noout -fingerprint -sha256&#10;</xsl:text>
            <xsl:choose>
                <xsl:when test="$system = 'linux'">
                    <xsl:text>sudo cp </xsl:text><xsl:value-of select="@name"/><xsl:text>.pem /usr/local/share/ca-certificates/inkan-</xsl:text><xsl:value-of select="@name"/><xsl:text>.crt&#10;</xsl:text>
                    <xsl:text>sudo update-ca-certificates&#10;</xsl:text>
                </xsl:when>
                <xsl:when test="$system = 'chromium'">
                    <xsl:text>certutil -A -d sql:$HOME/.pki/nssdb -t C,C, -n inkan-</xsl:text><xsl:value-of select="@name"/><xsl:text> -a -i </xsl:text><xsl:value-of select="@name"/><xsl:text>.pem&#10;</xsl:text>
                </xsl:when>
                <xsl:otherwise>
                    <xsl:text>keytool -importcert -noprompt -alias inkan-</xsl:text><xsl:value-of select="@name"/><xsl:text> -file </xsl:text><xsl:value-of select="@name"/><xsl:text>.pem -keystore inkan.p12 -storetype PKCS12 -storepass changeit&#10;</xsl:text>
                </xsl:otherwise>
            </xsl:choose>
        </xsl:variable>
        <xsl:value-of select="$lines"/>
    </xsl:template>

    <!-- A long line of pairs, which may be broken after every eighth: halves of a pair are hard to compare. -->
    <xsl:template name="fingerprint">
        <xsl:param name="of"/>
        <xsl:variable name="pairs" select="i:pairs($of)"/>
        <xsl:value-of select="substring($pairs, 1, 24)"/><wbr/>
        <xsl:value-of select="substring($pairs, 25, 24)"/><wbr/>
        <xsl:value-of select="substring($pairs, 49, 24)"/><wbr/>
        <xsl:value-of select="substring($pairs, 73)"/>
    </xsl:template>

    <!-- Does my certificate work? A yes or no, whose, until when; what to do; then all that was looked at. -->
    <xsl:template match="check" mode="title"><m:t k="check.{@verdict}.title"/></xsl:template>
    <xsl:template match="check" mode="main">
        <xsl:variable name="works" select="@verdict = 'works'"/>
        <xsl:variable name="newer" select="certificate/@successor"/>
        <xsl:variable name="case">
            <xsl:choose>
                <xsl:when test="$newer and (@verdict = 'revoked' or @verdict = 'expired')">replaced</xsl:when>
                <xsl:when test="$newer and $works">older</xsl:when>
                <xsl:otherwise><xsl:value-of select="@verdict"/></xsl:otherwise>
            </xsl:choose>
        </xsl:variable>
        <div data-verdict="{@verdict}">
            <xsl:attribute name="class">verdict <xsl:choose><xsl:when test="$works">good</xsl:when><xsl:otherwise>bad</xsl:otherwise></xsl:choose></xsl:attribute>
            <svg viewBox="0 0 64 64" width="64" height="64" aria-hidden="true">
                <xsl:choose>
                    <xsl:when test="$works"><circle cx="32" cy="32" r="29" class="fill"/><path d="m20 33 9 9 16-18" class="cut"/></xsl:when>
                    <xsl:when test="@verdict = 'none'"><circle cx="32" cy="32" r="28" class="ring"/><path d="M25 25a7.5 7.5 0 1 1 10 8c-2 1-3 2-3 5M32 46v.1" class="stroke"/></xsl:when>
                    <xsl:otherwise><path d="M20 4h24l16 16v24L44 60H20L4 44V20z" class="fill"/><path d="m22 22 20 20m0-20L22 42" class="cut"/></xsl:otherwise>
                </xsl:choose>
            </svg>
            <h1><m:t k="check.{@verdict}.title"/></h1>
        </div>
        <p class="lead"><m:t k="check.text.{$case}"/></p>
        <xsl:for-each select="certificate">
            <dl class="facts card">
                <div><dt><m:t k="check.whose"/></dt><dd id="whose" class="big"><xsl:value-of select="@cn"/></dd></div>
                <div>
                    <dt><m:t k="fact.not-after"/></dt>
                    <dd id="not-after">
                        <xsl:call-template name="moment"><xsl:with-param name="at" select="@not-after"/></xsl:call-template>
                        <xsl:if test="$works">
                            <span class="sub"><xsl:call-template name="days-left"/></span>
                            <xsl:call-template name="life"/>
                        </xsl:if>
                    </dd>
                </div>
                <xsl:if test="@revoked-at">
                    <div>
                        <dt><m:t k="check.revoked-at"/></dt>
                        <dd id="revoked-at">
                            <xsl:call-template name="moment"><xsl:with-param name="at" select="@revoked-at"/></xsl:call-template>
                            <xsl:if test="@reason"><span class="sub"><m:t k="revoke.reason.{@reason}"/></span></xsl:if>
                        </dd>
                    </div>
                </xsl:if>
            </dl>
        </xsl:for-each>
        <xsl:if test="@renew">
            <div class="notice attention">
                <xsl:call-template name="icon-note"/>
                <p><m:t k="check.renew.text"/></p>
            </div>
        </xsl:if>
        <xsl:if test="not($works) or $newer">
            <section aria-labelledby="mend">
                <h2 id="mend"><xsl:choose><xsl:when test="$works"><m:t k="check.todo"/></xsl:when><xsl:otherwise><m:t k="check.mend"/></xsl:otherwise></xsl:choose></h2>
                <ol class="plain-steps">
                    <xsl:call-template name="check-step"><xsl:with-param name="case" select="$case"/></xsl:call-template>
                </ol>
            </section>
        </xsl:if>
        <p class="actions">
            <xsl:choose>
                <xsl:when test="certificate/@type = 'officer'"><a class="button main"><xsl:attribute name="href">/helpdesk<xsl:if test="@renew">/renew</xsl:if></xsl:attribute><xsl:choose><xsl:when test="@renew"><m:t k="check.renew"/></xsl:when><xsl:otherwise><m:t k="check.officer"/></xsl:otherwise></xsl:choose></a></xsl:when>
                <xsl:when test="@renew"><a class="button main" href="{$portal}/certificates/{certificate/@number}"><m:t k="check.renew"/></a></xsl:when>
                <xsl:otherwise>
                    <a href="{$portal}/certificates">
                        <xsl:attribute name="class">button<xsl:if test="not($works)"> main</xsl:if></xsl:attribute>
                        <m:t k="check.portal"/>
                    </a>
                </xsl:otherwise>
            </xsl:choose>
            <a class="button" href="/check"><m:t k="check.again"/></a>
        </p>
        <p class="hint"><m:t k="check.browser"/></p>
        <xsl:apply-templates select="certificate" mode="presented"/>
    </xsl:template>

    <!-- check.step.CASE-1, -2, … as far as there are words. -->
    <xsl:template name="check-step">
        <xsl:param name="case"/>
        <xsl:param name="n" select="1"/>
        <xsl:variable name="step" select="concat($case, '-', $n)"/>
        <xsl:if test="i:has('check.step.', $step)">
            <li><m:t k="check.step.{$step}"/></li>
            <xsl:call-template name="check-step">
                <xsl:with-param name="case" select="$case"/>
                <xsl:with-param name="n" select="$n + 1"/>
            </xsl:call-template>
        </xsl:if>
    </xsl:template>

    <xsl:template match="certificate" mode="presented">
        <section aria-labelledby="presented">
            <h2 id="presented"><m:t k="check.presented"/></h2>
            <dl class="facts card">
                <xsl:if test="@type">
                    <div>
                        <dt><m:t k="fact.type"/></dt>
                        <dd><xsl:value-of select="i:message('type.', @type)"/><xsl:if test="@memo"><span class="sub"><xsl:value-of select="@memo"/></span></xsl:if></dd>
                    </div>
                </xsl:if>
                <div>
                    <dt><m:t k="check.purpose"/></dt>
                    <dd id="purpose">
                        <xsl:for-each select="purpose">
                            <xsl:if test="position() &gt; 1"><br/></xsl:if>
                            <m:t k="check.purpose.{@name}"/>
                            <xsl:if test="@name = 'other'"><xsl:text> </xsl:text><code><xsl:value-of select="@text"/></code></xsl:if>
                        </xsl:for-each>
                    </dd>
                </div>
                <div>
                    <dt><m:t k="check.revocation"/></dt>
                    <dd id="revocation">
                        <xsl:choose>
                            <xsl:when test="@revoked-at"><m:t k="check.revocation.yes"/></xsl:when>
                            <xsl:when test="@number"><m:t k="check.revocation.no"/></xsl:when>
                            <xsl:otherwise><m:t k="check.revocation.unknown"/></xsl:otherwise>
                        </xsl:choose>
                    </dd>
                </div>
                <div>
                    <dt><m:t k="check.chain"/></dt>
                    <dd id="chain">
                        <xsl:choose>
                            <xsl:when test="above">
                                <xsl:for-each select="above">
                                    <xsl:if test="position() &gt; 1"><xsl:text> ← </xsl:text></xsl:if>
                                    <xsl:value-of select="@cn"/>
                                </xsl:for-each>
                            </xsl:when>
                            <xsl:otherwise><m:t k="check.chain.none"/></xsl:otherwise>
                        </xsl:choose>
                        <xsl:if test="@failure"><span class="sub"><m:t k="check.failure"/><xsl:text> </xsl:text><code><xsl:value-of select="@failure"/></code></span></xsl:if>
                    </dd>
                </div>
                <div><dt><m:t k="fact.not-before"/></dt><dd id="not-before"><xsl:call-template name="moment"><xsl:with-param name="at" select="@not-before"/></xsl:call-template></dd></div>
                <div><dt><m:t k="fact.subject"/></dt><dd id="subject" class="mono"><xsl:value-of select="@subject"/></dd></div>
                <div><dt><m:t k="fact.issuer"/></dt><dd id="issuer" class="mono"><xsl:value-of select="@issuer"/></dd></div>
                <div><dt><m:t k="fact.serial"/></dt><dd id="serial" class="mono break"><xsl:value-of select="@serial"/></dd></div>
                <div><dt><m:t k="fact.fingerprint"/></dt><dd id="fingerprint" class="mono break"><xsl:call-template name="fingerprint"><xsl:with-param name="of" select="@fingerprint"/></xsl:call-template></dd></div>
                <xsl:if test="@key"><div><dt><m:t k="fact.key"/></dt><dd><xsl:value-of select="@key"/></dd></div></xsl:if>
                <xsl:if test="@successor"><div><dt><m:t k="check.successor"/></dt><dd id="successor" class="mono break"><xsl:value-of select="@successor"/></dd></div></xsl:if>
            </dl>
        </section>
    </xsl:template>

    <!-- What went wrong: what it means, whether anything is lost, what to do, the number to tell. -->
    <xsl:template match="error" mode="title"><m:t k="error.{@why}.title"/></xsl:template>
    <xsl:template match="error" mode="main">
        <p class="status"><xsl:value-of select="@status"/></p>
        <h1><m:t k="error.{@why}.title"/></h1>
        <p class="lead"><m:t k="error.{@why}.text" wait="@wait"/></p>
        <p><m:t k="error.{@why}.next" wait="@wait"/></p>
        <p class="actions">
            <xsl:choose>
                <xsl:when test="@back != ''"><a class="button main" href="{@back}"><m:t k="back"/></a></xsl:when>
                <xsl:when test="$frame/@client and $frame/person"><a class="button main" href="/helpdesk"><m:t k="desk.back"/></a></xsl:when>
                <xsl:when test="$frame/person"><a class="button main" href="{$portal}/certificates"><m:t k="back.list"/></a></xsl:when>
                <xsl:otherwise><a class="button main" href="{$portal}/"><m:t k="back.front"/></a></xsl:otherwise>
            </xsl:choose>
        </p>
        <xsl:call-template name="ask-desk"/>
    </xsl:template>

    <xsl:template match="maintenance" mode="title"><m:t k="maintenance.title"/></xsl:template>
    <xsl:template match="maintenance" mode="main">
        <h1><m:t k="maintenance.title"/></h1>
        <p class="lead">
            <xsl:choose>
                <xsl:when test="@until"><m:t k="maintenance.until"><m:with name="until"><strong><xsl:call-template name="moment"><xsl:with-param name="at" select="@until"/></xsl:call-template></strong></m:with></m:t></xsl:when>
                <xsl:otherwise><m:t k="maintenance.open"/></xsl:otherwise>
            </xsl:choose>
        </p>
        <p><m:t k="maintenance.text"/></p>
        <xsl:call-template name="ask-desk"/>
    </xsl:template>
</xsl:stylesheet>
