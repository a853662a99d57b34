<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:m="urn:inkan:messages"
                xmlns:i="urn:inkan:functions" exclude-result-prefixes="m i">

    <!-- A key that the person makes: in the browser (only where the bundle is there; hidden until its script finds all it needs),
         or anywhere else, with a request (CSR) that is pasted or read from a file. The bundle is large: it is fetched where it is
         needed (data-script), not with the page. -->

    <!-- Step 2, below the usual way. -->
    <xsl:template name="ownkey">
        <xsl:variable name="problem" select="problem[@field = 'csr']"/>
        <details class="more ownkey" id="ownkey">
            <xsl:if test="$problem"><xsl:attribute name="open">open</xsl:attribute></xsl:if>
            <xsl:if test="@own-script"><xsl:attribute name="data-script"><xsl:value-of select="@own-script"/></xsl:attribute></xsl:if>
            <summary><xsl:choose><xsl:when test="@own-script"><m:t k="ownkey.title"/></xsl:when><xsl:otherwise><m:t k="ownkey.title.csr"/></xsl:otherwise></xsl:choose></summary>
            <p><m:t k="ownkey.when"/></p>
            <xsl:if test="@own-script"><xsl:call-template name="ownkey-browser"/></xsl:if>
            <section class="card" aria-labelledby="csr-title">
                <h2 id="csr-title"><m:t k="ownkey.csr"/></h2>
                <p><m:t k="ownkey.csr.counts"/></p>
                <!-- The query is for who looks a form up by its action: the one above is the usual way. -->
                <form method="post" action="{pickup/@action}/download?own" autocomplete="off" data-download="after">
                    <xsl:call-template name="csrf"/>
                    <input type="hidden" name="pin" value="{@pin}"/>
                    <div class="field">
                        <xsl:if test="$problem"><xsl:attribute name="class">field wrong</xsl:attribute></xsl:if>
                        <label for="csr"><m:t k="ownkey.csr.label"/></label>
                        <p class="hint" id="csr-hint"><m:t k="ownkey.csr.hint"/></p>
                        <xsl:apply-templates select="$problem" mode="beside"/>
                        <textarea id="csr" name="csr" rows="8" cols="66" class="mono" required="required" maxlength="16384" spellcheck="false" autocapitalize="none">
                            <xsl:attribute name="aria-describedby">csr-hint<xsl:if test="$problem"> csr-problem</xsl:if></xsl:attribute>
                            <xsl:if test="$problem"><xsl:attribute name="aria-invalid">true</xsl:attribute></xsl:if>
                        </textarea>
                    </div>
                    <div class="field" hidden="hidden" data-reads="csr">
                        <label for="csr-file"><m:t k="ownkey.csr.file"/></label>
                        <p class="hint" id="csr-file-hint"><m:t k="ownkey.csr.file.hint"/></p>
                        <input type="file" id="csr-file" accept=".pem,.csr,.req,.p10,.der,application/pkcs10" aria-describedby="csr-file-hint"/>
                        <p class="field-problem" hidden="hidden" role="alert"><xsl:call-template name="icon-warn"/><span><m:t k="problem.csr.long"/></span></p>
                    </div>
                    <p class="actions"><button type="submit"><m:t k="ownkey.csr.do"/></button></p>
                    <p class="hint"><m:t k="ownkey.csr.do.hint"/></p>
                </form>
                <xsl:if test="key">
                    <details>
                        <summary><m:t k="ownkey.commands"/></summary>
                        <p><m:t k="ownkey.commands.text"/></p>
                        <dl class="commands">
                            <xsl:for-each select="key">
                                <dt><xsl:if test="i:has('key.', @kind)"><xsl:value-of select="i:message('key.', @kind)"/></xsl:if></dt>
                                <xsl:variable name="rsa">rsa:<xsl:value-of select="substring(@kind, 4)"/></xsl:variable>
                                <xsl:variable name="ec">ec -pkeyopt ec_paramgen_curve:P-<xsl:value-of select="substring(@kind, 2)"/></xsl:variable>
                                <xsl:variable name="command">openssl req -new -newkey <xsl:choose><xsl:when test="starts-with(@kind, 'rsa')"><xsl:value-of select="$rsa"/></xsl:when><xsl:otherwise><xsl:value-of select="$ec"/></xsl:otherwise></xsl:choose> -keyout key.pem -subj /CN=request -out request.pem</xsl:variable>
                                <dd><pre><code id="make-{@kind}"><xsl:value-of select="$command"/></code></pre></dd>
                            </xsl:for-each>
                        </dl>
                    </details>
                </xsl:if>
            </section>
        </details>
    </xsl:template>

    <!-- The script fills it in; what it may have to say stands here, hidden. -->
    <xsl:template name="ownkey-browser">
        <section class="card" aria-labelledby="browser-title" hidden="hidden" id="browser-key" data-ownkey="make" data-action="{pickup/@action}" data-number="{pickup/@number}">
            <xsl:call-template name="ownkey-name"/>
            <h2 id="browser-title"><m:t k="ownkey.browser"/></h2>
            <p><m:t k="ownkey.browser.text"/></p>
            <p class="notice" hidden="hidden" data-say="kept"><xsl:call-template name="icon-note"/><span><m:t k="ownkey.browser.kept"/></span></p>
            <form method="post" action="{pickup/@action}/download?own" autocomplete="off">
                <xsl:call-template name="csrf"/>
                <input type="hidden" name="pin" value="{@pin}"/>
                <div class="field">
                    <label for="browser-kind"><m:t k="pickup.key"/></label>
                    <select id="browser-kind">
                        <xsl:for-each select="key"><option value="{@kind}"><xsl:value-of select="i:message('key.', @kind)"/></option></xsl:for-each>
                    </select>
                </div>
                <xsl:call-template name="ownkey-password"/>
                <p class="actions"><button type="submit"><m:t k="ownkey.browser.do"/></button></p>
                <p class="hint"><m:t k="ownkey.browser.do.hint"/></p>
            </form>
            <xsl:call-template name="ownkey-says"/>
        </section>
    </xsl:template>

    <!-- What lists of certificates show, as in the files that the service makes. -->
    <xsl:template name="ownkey-name">
        <xsl:attribute name="data-name"><xsl:choose><xsl:when test="pickup/@type = 'smime'">S/MIME #</xsl:when><xsl:otherwise>Client #</xsl:otherwise></xsl:choose><xsl:value-of select="pickup/@number"/><xsl:text> </xsl:text><xsl:choose><xsl:when test="pickup/@memo != ''"><xsl:value-of select="pickup/@memo"/></xsl:when><xsl:otherwise><xsl:value-of select="pickup/owner/@name"/></xsl:otherwise></xsl:choose></xsl:attribute>
    </xsl:template>

    <xsl:template name="ownkey-password">
        <div class="field">
            <label for="browser-password"><m:t k="pickup.password"/></label>
            <div class="hint" id="browser-password-hint"><p><m:t k="pickup.password.hint"/></p><xsl:apply-templates select="password" mode="rules"/></div>
            <input type="password" id="browser-password" autocomplete="new-password" minlength="{password/@shortest}" maxlength="{password/@longest}" pattern="{password/@pattern}" aria-describedby="browser-password-hint">
                <xsl:if test="password/@required"><xsl:attribute name="required">required</xsl:attribute></xsl:if>
            </input>
        </div>
        <div class="field">
            <label for="browser-password-again"><m:t k="pickup.password.again"/></label>
            <input type="password" id="browser-password-again" autocomplete="new-password" maxlength="{password/@longest}"/>
        </div>
    </xsl:template>

    <xsl:template name="ownkey-says">
        <p role="status" class="says"><span hidden="hidden" data-say="key"><m:t k="ownkey.say.key"/></span><span hidden="hidden" data-say="send"><m:t k="ownkey.say.send"/></span><span hidden="hidden" data-say="file"><m:t k="ownkey.say.file"/></span><span hidden="hidden" data-say="done"><m:t k="ownkey.say.done"/></span></p>
        <div role="alert">
            <p class="field-problem" hidden="hidden" data-say="differ"><xsl:call-template name="icon-warn"/><span><m:t k="problem.password.again"/></span></p>
            <p class="field-problem" hidden="hidden" data-say="away"><xsl:call-template name="icon-warn"/><span><m:t k="ownkey.say.away"/></span></p>
            <p class="field-problem" hidden="hidden" data-say="other"><xsl:call-template name="icon-warn"/><span><m:t k="ownkey.say.other"/></span></p>
            <p class="field-problem" hidden="hidden" data-say="failed"><xsl:call-template name="icon-warn"/><span><m:t k="ownkey.say.failed"/></span></p>
        </div>
    </xsl:template>

    <!-- Step 3 where the service has no key: the certificate with its chain, to be put together with the person's own. -->
    <xsl:template match="pickup-own" mode="title"><xsl:call-template name="ownkey-install-title"/></xsl:template>
    <xsl:template name="ownkey-install-title">
        <xsl:choose>
            <xsl:when test="@origin = 'browser'"><m:t k="pickup.install.title"/></xsl:when>
            <xsl:otherwise><m:t k="ownkey.install.title"/></xsl:otherwise>
        </xsl:choose>
    </xsl:template>
    <xsl:template match="pickup-own" mode="main">
        <h1><xsl:call-template name="ownkey-install-title"/></h1>
        <xsl:call-template name="pickup-steps"><xsl:with-param name="at" select="3"/></xsl:call-template>
        <xsl:if test="@origin = 'browser'">
            <section class="card saved" aria-labelledby="browser-title" hidden="hidden" id="browser-key" data-ownkey="again" data-action="{pickup/@action}" data-number="{pickup/@number}">
                <xsl:if test="@own-script"><xsl:attribute name="data-script"><xsl:value-of select="@own-script"/></xsl:attribute></xsl:if>
                <xsl:call-template name="ownkey-name"/>
                <h2 id="browser-title"><m:t k="ownkey.again"/></h2>
                <p><m:t k="ownkey.again.text"><m:with name="file"><code><xsl:value-of select="@file"/></code></m:with></m:t></p>
                <form method="post" action="{pickup/@action}/download?own" autocomplete="off">
                    <xsl:call-template name="csrf"/>
                    <input type="hidden" name="pin" value="{@pin}"/>
                    <xsl:call-template name="ownkey-password"/>
                    <p class="actions"><button type="submit" class="main"><m:t k="ownkey.again.do"/></button></p>
                </form>
                <xsl:call-template name="ownkey-says"/>
            </section>
            <section class="card" id="browser-elsewhere" aria-labelledby="elsewhere-title">
                <h2 id="elsewhere-title"><m:t k="ownkey.elsewhere"/></h2>
                <p><m:t k="ownkey.elsewhere.text"/></p>
                <p><m:t k="ownkey.elsewhere.lost"/></p>
            </section>
        </xsl:if>
        <section class="card" aria-labelledby="saved">
            <h2 id="saved"><m:t k="ownkey.chain"/></h2>
            <p><m:t k="ownkey.chain.text"><m:with name="file"><code><xsl:value-of select="@chain"/></code></m:with></m:t></p>
            <p><m:t k="ownkey.chain.again"><m:with name="until"><strong><xsl:call-template name="moment"><xsl:with-param name="at" select="pickup/@until"/></xsl:call-template></strong></m:with></m:t></p>
            <form method="post" action="{pickup/@action}/download">
                <xsl:call-template name="csrf"/>
                <input type="hidden" name="pin" value="{@pin}"/>
                <button type="submit"><m:t k="pickup.again.do"/></button>
            </form>
        </section>
        <xsl:if test="@origin != 'browser'">
            <section aria-labelledby="together">
                <h2 id="together"><m:t k="ownkey.together"/></h2>
                <p><m:t k="ownkey.together.text"/></p>
                <xsl:variable name="command">openssl pkcs12 -export -inkey key.pem -in <xsl:value-of select="@chain"/> -out <xsl:value-of select="@file"/></xsl:variable>
                <pre><code id="together-command"><xsl:value-of select="$command"/></code></pre>
                <p class="hint"><m:t k="ownkey.together.hint"/></p>
            </section>
        </xsl:if>
        <xsl:apply-templates select="code" mode="pickup"/>
        <section class="card" aria-labelledby="have">
            <h2 id="have"><m:t k="ownkey.have"/></h2>
            <xsl:if test="@origin = 'browser'"><p><m:t k="ownkey.have.browser"/></p></xsl:if>
            <form method="post" action="{pickup/@action}/done">
                <xsl:call-template name="csrf"/>
                <input type="hidden" name="pin" value="{@pin}"/>
                <button type="submit" class="main"><m:t k="pickup.done.do"/></button>
            </form>
            <p class="hint"><m:t k="pickup.done.hint"/></p>
        </section>
        <section aria-labelledby="install">
            <h2 id="install"><m:t k="pickup.install"/></h2>
            <div class="systems"><xsl:apply-templates select="guide"/></div>
        </section>
    </xsl:template>

    <!-- Where it has ended, the key in the browser goes too. -->
    <xsl:template name="ownkey-forget">
        <xsl:if test="@own-script"><span hidden="hidden" data-ownkey="forget" data-action="{@action}" data-script="{@own-script}"></span></xsl:if>
    </xsl:template>

    <xsl:template match="problem[@field='csr']" mode="words"><m:t k="problem.csr.{@rule}"/></xsl:template>
</xsl:stylesheet>
